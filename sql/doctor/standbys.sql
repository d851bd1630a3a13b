-- Who receives this server's WAL physically, and whether a commit waits for anybody. A role without pg_read_all_stats
-- sees that somebody is there, and not who.
SELECT pg_catalog.current_setting('synchronous_standby_names') AS synchronous,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_activity,
       pg_catalog.count(*) FILTER (WHERE r.sync_state IN ('sync', 'quorum'))::int AS waiting_for,
       pg_catalog.count(*) FILTER (WHERE COALESCE(r.state, '') <> 'backup'
                                     AND NOT EXISTS (SELECT FROM pg_catalog.pg_replication_slots AS s
                                                      WHERE s.active_pid = r.pid AND s.slot_type = 'logical'))::int
         AS connected
  FROM pg_catalog.pg_stat_replication AS r
