-- Open transactions of other sessions, the oldest first. A role without pg_read_all_stats sees only its own.
SELECT a.pid,
       COALESCE(a.usename, '')::text AS role,
       COALESCE(a.datname, '')::text AS database,
       COALESCE(a.application_name, '') AS application,
       COALESCE(a.state, '') AS state,
       a.backend_xid IS NOT NULL AS writes,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - a.xact_start) AS seconds
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.xact_start IS NOT NULL
   AND a.pid <> pg_catalog.pg_backend_pid()
   AND COALESCE(a.backend_type, 'client backend') = 'client backend'
   AND a.application_name NOT LIKE 'egrow-replica/%'
 ORDER BY a.xact_start
