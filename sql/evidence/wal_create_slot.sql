-- Keeps WAL from the last checkpoint on, at once, until it was examined.
SELECT lsn::text FROM pg_catalog.pg_create_physical_replication_slot({slot}, true)
