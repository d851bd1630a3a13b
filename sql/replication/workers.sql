-- Every process of the subscription with the role that it runs as. The main worker has no relation of its own.
SELECT w.pid, a.usename::text AS role, w.relid IS NULL AS is_main, w.latest_end_time,
       EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.backend_start)::pg_catalog.float8 AS seconds
  FROM pg_catalog.pg_stat_subscription AS w
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid
 WHERE w.subname = $1
   AND w.pid IS NOT NULL
 ORDER BY w.pid
