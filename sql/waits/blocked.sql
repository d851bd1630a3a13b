-- Sessions of $1, and those named $2, that wait for a lock: what for, how long, and for whom. A prepared transaction
-- has no process: pid 0. Who waits for a row waits for a transaction's end. It may hold the row's tuple lock, which names
-- the table; a stream's worker does not, and then it is the one table that both are writing, if there is only one.
-- Whoever is in the queue before us is waited for as well.
SELECT l.pid AS waiter,
       t.name AS "table",
       CASE WHEN l.locktype IN ('relation', 'transactionid', 'tuple') THEN l.locktype
            WHEN l.locktype = 'object' THEN COALESCE(pg_catalog.pg_describe_object(l.classid, l.objid, l.objsubid),
                                                     l.locktype)
            ELSE l.locktype END AS target,
       l.mode,
       COALESCE(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.waitstart), 0) AS waited,
       b.pid,
       COALESCE(a.usename, p.owner, '')::text AS role,
       COALESCE(a.application_name, '') AS application,
       COALESCE(a.datname, p.database, '')::text AS database,
       COALESCE(a.backend_type, '') AS kind,
       COALESCE(a.state, '') AS state,
       COALESCE(a.xact_start, p.prepared) AS since,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - COALESCE(a.xact_start, p.prepared)) AS seconds,
       COALESCE(a.query, '') AS query,
       p.gid
  FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_stat_activity AS w ON w.pid = l.pid
 CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.pg_blocking_pids(l.pid)) AS b (pid)
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = b.pid
  LEFT JOIN LATERAL (
       SELECT x.gid, x.owner, x.database, x.prepared
         FROM pg_catalog.pg_prepared_xacts AS x
        WHERE b.pid = 0
          AND (x.transaction = l.transactionid
               OR EXISTS (SELECT
                            FROM pg_catalog.pg_locks AS h
                            JOIN pg_catalog.pg_locks AS o
                              ON o.virtualtransaction = h.virtualtransaction AND o.pid IS NULL
                             AND o.locktype = 'transactionid'
                           WHERE h.pid IS NULL AND h.granted AND h.relation = l.relation AND h.database = l.database
                             AND o.transactionid = x.transaction))
        LIMIT 1) AS p ON true
  LEFT JOIN LATERAL (
       SELECT ARRAY[n.nspname, c.relname]::text[] AS name
         FROM pg_catalog.pg_class AS c
         JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = COALESCE(
                l.relation,
                (SELECT h.relation FROM pg_catalog.pg_locks AS h
                  WHERE h.pid = l.pid AND h.locktype = 'tuple' AND h.granted
                  LIMIT 1),
                (SELECT pg_catalog.min(h.relation::bigint)::oid
                   FROM pg_catalog.pg_locks AS h
                   JOIN pg_catalog.pg_class AS k ON k.oid = h.relation AND k.relkind = 'r'
                  WHERE l.locktype = 'transactionid' AND h.pid = l.pid AND h.locktype = 'relation' AND h.granted
                    AND h.mode = 'RowExclusiveLock' AND h.relation >= 16384  -- FirstNormalObjectId
                    AND EXISTS (SELECT FROM pg_catalog.pg_locks AS o
                                 WHERE o.pid = b.pid AND o.locktype = 'relation' AND o.granted
                                   AND o.relation = h.relation AND o.database = h.database
                                   AND o.mode <> 'AccessShareLock')
                 HAVING pg_catalog.count(*) = 1))
          AND w.datname = pg_catalog.current_database()) AS t ON true
 WHERE NOT l.granted
   AND (l.pid = ANY ($1::int4[]) OR (w.application_name = ANY ($2::text[]) AND w.datname = pg_catalog.current_database()))
 ORDER BY l.pid, b.pid
