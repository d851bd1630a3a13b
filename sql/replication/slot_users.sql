-- Who uses the slot: our worker comes as a walsender with the stream's login. Other columns are NULL for a role that may
-- not see them.
SELECT a.pid, a.usename::text AS role, a.backend_type AS kind, a.application_name AS application,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.backend_start)::pg_catalog.float8 AS seconds
  FROM pg_catalog.pg_replication_slots AS s
  JOIN pg_catalog.pg_stat_activity AS a ON a.pid = s.active_pid
 WHERE s.slot_name = $1
