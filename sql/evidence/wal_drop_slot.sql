-- Lets production's WAL go.
SELECT pg_catalog.pg_drop_replication_slot({slot})
