-- Where a server, which is no standby, stands in its own history, and the slot $1 in it. A position that was flushed survives a crash, so that
-- one which is gone later was taken back. The name of a WAL file begins with the timeline.
SELECT c.system_identifier::text || '/' || d.oid AS identity,
       pg_catalog."left"(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_flush_lsn()), 8) AS timeline,
       pg_catalog.pg_current_wal_flush_lsn()::text AS lsn,
       pg_catalog.pg_postmaster_start_time() AS started_at,
       s.confirmed_flush_lsn::text AS confirmed_lsn,
       t.total_txns AS decoded,
       t.stats_reset AS counted_since
  FROM pg_catalog.pg_control_system() AS c
  JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
  LEFT JOIN pg_catalog.pg_replication_slots AS s ON s.slot_name = $1 AND s.database = d.datname
  LEFT JOIN pg_catalog.pg_stat_replication_slots AS t ON t.slot_name = s.slot_name
