-- Sessions that hold a lock on a relation of $1 that a write has to wait for. pid 0 is a prepared transaction.
SELECT DISTINCT COALESCE(l.pid, 0) AS pid,
       ARRAY[n.nspname, c.relname]::text[] AS "table",
       l.mode,
       COALESCE(a.usename, '')::text AS role,
       COALESCE(a.application_name, '') AS application
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
 WHERE l.relation = ANY ($1::oid[])
   AND l.granted
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
   AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
 ORDER BY 1, 2
