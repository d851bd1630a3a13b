-- Where the next record will stand.
SELECT pg_catalog.pg_current_wal_insert_lsn()::text
