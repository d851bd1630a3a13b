-- Whether the slot that keeps production's WAL is there, from where it keeps it, and how much that is.
SELECT s.restart_lsn::text AS keeps_from,
       s.wal_status,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::int8 AS retained_bytes
  FROM pg_catalog.pg_replication_slots AS s
 WHERE s.slot_name = $1
