-- The position up to which everything committed so far has to arrive.
SELECT pg_catalog.pg_current_wal_lsn()::text
