-- What this transaction itself has written, twice over: by the rows that it has counted, subtransactions included, and
-- by the locks that it holds, which a write takes and keeps until the end. The locks also show what no row is counted
-- for: sequences, TRUNCATE, a change of a definition, and tables whose counting somebody turned off for a function.
-- ACCESS SHARE is what reading takes, ROW SHARE what locking a row does, which changes nothing that stays. No name: the
-- relation is gone again.
WITH counted AS (
  SELECT s.relid AS oid, s.n_tup_ins AS inserted, s.n_tup_upd AS updated, s.n_tup_del AS deleted
    FROM pg_catalog.pg_stat_xact_all_tables AS s
   WHERE s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0
), locked AS (
  SELECT l.relation AS oid, pg_catalog.array_agg(l.mode::text ORDER BY l.mode) AS locks
    FROM pg_catalog.pg_locks AS l
   WHERE l.pid = pg_catalog.pg_backend_pid() AND l.locktype = 'relation' AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
   GROUP BY l.relation
)
SELECT w.oid::int8 AS oid, CASE WHEN c.oid IS NOT NULL THEN ARRAY[n.nspname, c.relname]::text[] END AS name, c.relkind::text AS kind,
       COALESCE(c.relpersistence = 't', false) AS temporary,
       t.oid::int8 AS table_oid, CASE WHEN t.oid IS NOT NULL THEN ARRAY[tn.nspname, t.relname]::text[] END AS table,
       CASE WHEN t.relispartition THEN pg_catalog.pg_partition_root(t.oid)::oid::int8 END AS root_oid,
       COALESCE(w.inserted, 0) AS inserted, COALESCE(w.updated, 0) AS updated, COALESCE(w.deleted, 0) AS deleted,
       COALESCE(w.locks, '{{}}') AS locks
  FROM (counted FULL JOIN locked USING (oid)) AS w
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = w.oid
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class AS toasted ON toasted.reltoastrelid = COALESCE(i.indrelid, c.oid)
  LEFT JOIN pg_catalog.pg_class AS t ON t.oid = COALESCE(toasted.oid, i.indrelid, c.oid)
  LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
 ORDER BY w.oid
