-- Locks in one of the modes $1 that others hold on tables, or wait for: whoever comes later waits behind them too. A lock
-- on an index or on TOAST data is one on its table, because whoever reads the table needs that as well. pid 0 is a
-- prepared transaction. Left out are temporary tables, and autovacuum, which gives way to whoever waits for it, unless
-- it prevents wraparound.
SELECT COALESCE(l.pid, 0) AS pid,
       l.relation::bigint AS relation,
       t.oid::bigint AS table_oid,
       ARRAY[n.nspname, t.relname]::text[] AS "table",
       l.mode,
       l.granted,
       COALESCE(a.usename, p.owner, '')::text AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(a.state, '') AS state,
       COALESCE(a.xact_start, p.prepared) AS since,
       COALESCE(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - COALESCE(a.xact_start, p.prepared)), 0)
         AS seconds,
       COALESCE(a.query, '') AS query,
       p.gid
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_class AS c ON c.oid = l.relation
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class AS o ON c.relkind = 't' AND o.reltoastrelid = c.oid
  JOIN pg_catalog.pg_class AS t ON t.oid = COALESCE(i.indrelid, o.oid, c.oid)
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.relnamespace
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
  LEFT JOIN pg_catalog.pg_locks AS x
    ON l.pid IS NULL AND x.pid IS NULL AND x.locktype = 'transactionid' AND x.granted
   AND x.virtualtransaction = l.virtualtransaction
  LEFT JOIN pg_catalog.pg_prepared_xacts AS p ON p.transaction = x.transactionid
 WHERE l.locktype = 'relation'
   AND l.mode = ANY ($1::text[])
   AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
   AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
   AND t.relpersistence <> 't'
   AND NOT (COALESCE(a.backend_type, '') = 'autovacuum worker' AND a.query NOT LIKE '%to prevent wraparound%')
 ORDER BY l.granted DESC, t.oid, 1, l.mode
