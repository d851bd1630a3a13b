-- The slot's state, and how much WAL it holds back.
SELECT s.slot_name::text AS name,
       s.active,
       s.wal_status,
       s.confirmed_flush_lsn::text AS confirmed_lsn,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn)::int8 AS retained_bytes,
       pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.confirmed_flush_lsn)::int8 AS lag_bytes,
       pg_catalog.clock_timestamp() AS clock
  FROM pg_catalog.pg_replication_slots AS s
 WHERE s.slot_name = $1
   AND s.database = pg_catalog.current_database()
