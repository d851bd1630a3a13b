-- With minimal, rows copied into a new table, and exclusive locks, leave no record.
SELECT pg_catalog.current_setting('wal_level')
