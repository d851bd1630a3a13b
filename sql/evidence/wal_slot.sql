-- Whether the slot that keeps production's WAL is there, and from where it keeps it.
SELECT s.restart_lsn::text AS keeps_from, s.wal_status FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_name = $1
