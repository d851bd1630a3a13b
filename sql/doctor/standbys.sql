-- Who receives this server's WAL physically, and whether a commit waits for one.
SELECT pg_catalog.current_setting('synchronous_standby_names') AS synchronous,
       pg_catalog.count(*) FILTER (WHERE r.sync_state IN ('sync', 'quorum'))::int AS waiting_for,
       pg_catalog.count(*)::int AS connected
  FROM pg_catalog.pg_stat_replication AS r
