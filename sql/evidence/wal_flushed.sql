-- WAL is readable up to here; 16 and later answer less without a word when asked for more, 15 with an error.
SELECT pg_catalog.pg_current_wal_flush_lsn()::text
