-- The slot's state, and how much WAL it holds back. Why it was invalidated is told since 17; a standby has no position.
SELECT s.slot_name::text AS name,
       s.active,
       s.wal_status,
       pg_catalog.to_jsonb(s) ->> 'invalidation_reason' AS invalidated,
       s.confirmed_flush_lsn::text AS confirmed_lsn,
       pg_catalog.pg_wal_lsn_diff(p.lsn, s.restart_lsn)::int8 AS retained_bytes,
       pg_catalog.pg_wal_lsn_diff(p.lsn, s.confirmed_flush_lsn)::int8 AS lag_bytes,
       pg_catalog.clock_timestamp() AS clock
  FROM pg_catalog.pg_replication_slots AS s
 CROSS JOIN LATERAL (SELECT CASE WHEN s.slot_name IS NOT NULL AND NOT pg_catalog.pg_is_in_recovery()
                                 THEN pg_catalog.pg_current_wal_lsn() END AS lsn) AS p
 WHERE s.slot_name = $1
   AND s.database = pg_catalog.current_database()
