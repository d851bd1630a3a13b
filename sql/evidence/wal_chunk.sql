-- What one piece of WAL holds, in one pass and aggregated on the server: of many records, a few rows of answer.
-- Every record falls into a kind, or changes no row. One that is not known counts as a write (o), so that neither a new
-- version nor an extension can hide it. The writes:
--   i u k d   rows inserted, updated, updated with their key, deleted (Heap, Heap2)
--   t  TRUNCATE (only with wal_level logical)      s  sequence      o  anything else that could be a table's
--   c  storage made      r  storage given up at a commit      l  AccessExclusiveLock, without which none changes hands
-- split_part, because regular expressions are three times slower; OFFSET 0, so that the kind is worked out once.
-- $1, $2: from and to · $3: transactions that are open since an earlier piece · $4: relations whose change of storage
-- is followed · $5: the database · $6: the baseline's transaction, $7: where it was settled.
WITH grouped AS MATERIALIZED (
  SELECT r.kind,
         CASE WHEN r.kind IS NOT NULL THEN r.xid END AS xid,
         CASE WHEN r.kind IN ('i', 'u', 'k', 'd', 's', 'o')
                THEN pg_catalog.split_part(COALESCE(r.block_ref, ''), ' ', 4)
              WHEN r.kind IS NOT NULL THEN COALESCE(r.description, '') END AS what,
         pg_catalog.sum(CASE WHEN NOT r.many THEN 1
                             WHEN pg_catalog.starts_with(r.description, 'n')  -- 15 writes "226 tuples …"
                               THEN pg_catalog.split_part(pg_catalog.split_part(r.description, ' ', 2), ',', 1)::int4
                             ELSE pg_catalog.split_part(r.description, ' ', 1)::int4 END) AS rows,
         pg_catalog.min(r.start_lsn) AS first, pg_catalog.max(r.start_lsn) AS last, pg_catalog.max(r.end_lsn) AS until
    FROM (
      SELECT w.start_lsn, w.end_lsn, w.xid, w.description, w.block_ref,
             pg_catalog.starts_with(w.record_type, 'MULTI_INSERT') AS many,
             CASE w.resource_manager
               WHEN 'Heap' THEN CASE w.record_type
                 WHEN 'HOT_UPDATE' THEN 'u' WHEN 'INSERT' THEN 'i' WHEN 'LOCK' THEN NULL WHEN 'DELETE' THEN 'd'
                 WHEN 'UPDATE' THEN CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k' ELSE 'u' END
                 WHEN 'INSERT+INIT' THEN 'i' WHEN 'HOT_UPDATE+INIT' THEN 'u' WHEN 'DELETE+INIT' THEN 'd'
                 WHEN 'UPDATE+INIT' THEN
                   CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k' ELSE 'u' END
                 WHEN 'TRUNCATE' THEN 't' WHEN 'INPLACE' THEN NULL WHEN 'HEAP_CONFIRM' THEN NULL
                 ELSE 'o' END
               WHEN 'Btree' THEN NULL
               WHEN 'Transaction' THEN CASE w.record_type
                 WHEN 'COMMIT' THEN 'commit' WHEN 'ABORT' THEN 'abort' WHEN 'PREPARE' THEN 'prepare'
                 WHEN 'COMMIT_PREPARED' THEN 'commit_prepared' WHEN 'ABORT_PREPARED' THEN 'abort_prepared' END
               WHEN 'Heap2' THEN CASE w.record_type
                 WHEN 'MULTI_INSERT' THEN 'i' WHEN 'MULTI_INSERT+INIT' THEN 'i' WHEN 'NEW_CID' THEN NULL
                 WHEN 'VISIBLE' THEN NULL WHEN 'LOCK_UPDATED' THEN NULL WHEN 'REWRITE' THEN NULL
                 WHEN 'PRUNE' THEN NULL WHEN 'PRUNE_ON_ACCESS' THEN NULL WHEN 'PRUNE_VACUUM_SCAN' THEN NULL
                 WHEN 'PRUNE_VACUUM_CLEANUP' THEN NULL WHEN 'VACUUM' THEN NULL WHEN 'FREEZE_PAGE' THEN NULL
                 ELSE 'o' END
               WHEN 'XLOG' THEN NULL
               WHEN 'Standby' THEN CASE w.record_type WHEN 'LOCK' THEN 'l' WHEN 'RUNNING_XACTS' THEN 'running' END
               WHEN 'Storage' THEN CASE w.record_type WHEN 'CREATE' THEN 'c' END
               WHEN 'Sequence' THEN 's'
               WHEN 'Gin' THEN NULL WHEN 'Gist' THEN NULL WHEN 'Hash' THEN NULL WHEN 'SPGist' THEN NULL
               WHEN 'BRIN' THEN NULL WHEN 'CLOG' THEN NULL WHEN 'MultiXact' THEN NULL WHEN 'RelMap' THEN NULL
               WHEN 'Database' THEN NULL WHEN 'Tablespace' THEN NULL WHEN 'CommitTs' THEN NULL
               WHEN 'ReplicationOrigin' THEN NULL WHEN 'LogicalMessage' THEN NULL
               ELSE 'o' END AS kind
        FROM egrow_ext.pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn) AS w
      OFFSET 0) AS r
   -- What changes no row only matters at the end, from where the next piece goes on; 1 MB, because 32 whole pages
   -- of a new index are one record.
   WHERE r.kind IS NOT NULL OR r.end_lsn > $2::pg_lsn - 1048576::numeric
   GROUP BY 1, 2, 3
), prepared AS MATERIALIZED (
  -- What stands in front is the application's own text: what follows its last time stamp is the server's.
  SELECT g.xid AS top, g.first AS lsn,
         COALESCE(NULLIF(pg_catalog.split_part(pg_catalog.split_part(p.said, '; origin: node ', 2), ',', 1), ''), '0')::int4
           AS origin,
         pg_catalog.split_part(pg_catalog.split_part(p.said, '; subxacts: ', 2), ';', 1) AS subtransactions
    FROM grouped AS g
   CROSS JOIN LATERAL (SELECT pg_catalog.regexp_replace(g.what, '^gid .*: (?=\d\d\d\d-\d\d-\d\d \d\d:)', '') AS said) AS p
   WHERE g.kind = 'prepare'
), ending AS MATERIALIZED (
  -- Every end of a transaction with more to say than its time.
  SELECT g.first AS lsn,
         g.kind IN ('commit', 'commit_prepared') AS committed,
         CASE WHEN g.kind IN ('commit', 'abort') THEN g.xid ELSE pg_catalog.split_part(g.what, ':', 1)::xid END AS top,
         pg_catalog.split_part(CASE WHEN g.kind IN ('commit', 'abort') THEN g.what
                                    ELSE pg_catalog.split_part(g.what, ': ', 2) END, ';', 1) AS at,
         COALESCE(NULLIF(pg_catalog.split_part(pg_catalog.split_part(g.what, '; origin: node ', 2), ',', 1), ''), '0')::int4
           AS origin,
         pg_catalog.split_part(pg_catalog.split_part(g.what, '; subxacts: ', 2), ';', 1) AS subtransactions,
         pg_catalog.split_part(pg_catalog.split_part(g.what, '; rels: ', 2), ';', 1) AS given_up
    FROM grouped AS g
   WHERE g.kind IN ('abort', 'commit_prepared', 'abort_prepared')
      OR (g.kind = 'commit' AND pg_catalog.strpos(g.what, ';') > 0)
), ended AS MATERIALIZED (
  SELECT e.* FROM ending AS e
  UNION ALL
  -- Prepared under one origin, committed under another: both have written.
  SELECT e.lsn, e.committed, e.top, e.at, p.origin, e.subtransactions, e.given_up
    FROM prepared AS p JOIN ending AS e ON e.top = p.top
   WHERE p.origin <> e.origin
), author AS MATERIALIZED (
  SELECT g.xid, g.xid AS top, 0 AS origin, true AS committed, g.what AS at, g.first AS lsn
    FROM grouped AS g
   WHERE g.kind = 'commit' AND pg_catalog.strpos(g.what, ';') = 0
  UNION ALL
  SELECT t.top, t.top, t.origin, t.committed, t.at, t.lsn FROM ended AS t
  UNION ALL
  SELECT s.xid::xid, t.top, t.origin, t.committed, t.at, t.lsn
    FROM ended AS t
   CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(t.subtransactions, ' ')) AS s(xid)
   WHERE t.subtransactions <> ''
), written AS (
  -- Without an author: the transaction is not over yet.
  SELECT a.origin, CASE WHEN a.xid IS NULL THEN g.xid END AS open, g.kind, g.what, pg_catalog.sum(g.rows) AS rows,
         pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last,
         pg_catalog.min(ARRAY[(g.first - '0/0'::pg_lsn)::int8, a.top::text::int8]) FILTER (WHERE a.origin <> 0) AS by
    FROM grouped AS g LEFT JOIN author AS a ON a.xid = g.xid
   WHERE g.kind IN ('i', 'u', 'k', 'd', 't', 's', 'o', 'c') AND g.xid <> '0'::xid
     AND (a.xid IS NULL
          -- A sequence that a rolled back transaction moved stays moved.
          OR ((a.committed OR g.kind = 's')
              AND (a.origin <> 0
                   OR (g.kind <> 's' AND (g.kind IN ('t', 'o') OR pg_catalog.strpos(g.what, '/' || $5 || '/') > 0)))))
   GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT 0, NULL, g.kind, g.what, g.rows, g.first, g.last, NULL
    FROM grouped AS g
   WHERE g.kind IN ('i', 'u', 'k', 'd', 't', 'o') AND g.xid = '0'::xid
  UNION ALL
  SELECT t.origin, NULL, 'r', s.path, pg_catalog.count(*), pg_catalog.min(t.lsn), pg_catalog.max(t.lsn),
         pg_catalog.min(ARRAY[(t.lsn - '0/0'::pg_lsn)::int8, t.top::text::int8]) FILTER (WHERE t.origin <> 0)
    FROM ended AS t
   CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(t.given_up, ' ')) AS s(path)
   WHERE t.given_up <> '' AND t.committed
     AND (t.origin <> 0 OR pg_catalog.strpos(s.path, '/' || $5 || '/') > 0)
   GROUP BY 1, 4
), locked AS MATERIALIZED (
  SELECT pg_catalog.split_part(s.words, ' ', 1)::xid AS xid, pg_catalog.split_part(s.words, ' ', 5) AS oid
    FROM grouped AS g
   CROSS JOIN LATERAL pg_catalog.unnest((pg_catalog.string_to_array(g.what, 'xid '))[2:]) AS s(words)
   WHERE g.kind = 'l' AND pg_catalog.split_part(s.words, ' ', 3) = $5
), followed AS MATERIALIZED (
  SELECT a.top
    FROM author AS a
   WHERE a.committed
     AND (a.xid::text = ANY ($3::text[]) OR a.xid IN (SELECT l.xid FROM locked AS l WHERE l.oid = ANY ($4::text[])))
)
SELECT 'position' AS sort, NULL::int4 AS origin, NULL::text AS xid, NULL::text AS kind, NULL::text AS what,
       pg_catalog.sum(g.rows)::int8 AS rows, NULL::text AS first, pg_catalog.max(g.until)::text AS last, NULL::text AS at
  FROM grouped AS g
UNION ALL
SELECT CASE WHEN w.open IS NULL THEN 'written' ELSE 'open' END, w.origin, COALESCE(w.by[2]::text, w.open::text),
       w.kind, w.what, w.rows::int8, w.first::text, w.last::text,
       (SELECT t.at FROM ended AS t WHERE t.top::text = w.by[2]::text LIMIT 1)
  FROM written AS w
UNION ALL
SELECT 'open', NULL, l.xid::text, 'l', l.oid, 1, NULL, NULL, NULL
  FROM locked AS l
 WHERE NOT EXISTS (SELECT FROM author AS a WHERE a.xid = l.xid)
UNION ALL
SELECT 'prepared', p.origin, s.xid, NULL, NULL, NULL, p.lsn::text, NULL, NULL
  FROM prepared AS p
 CROSS JOIN LATERAL pg_catalog.unnest(
   pg_catalog.string_to_array(pg_catalog.concat_ws(' ', p.top::text, NULLIF(p.subtransactions, '')), ' ')) AS s(xid)
 WHERE p.origin <> 0 AND NOT EXISTS (SELECT FROM author AS a WHERE a.xid = p.top)
UNION ALL
SELECT 'ended', a.origin, a.xid::text, CASE WHEN a.committed THEN 'commit' ELSE 'abort' END, a.top::text, NULL,
       a.lsn::text, NULL, a.at
  FROM author AS a
 WHERE a.xid::text = ANY ($3::text[])
UNION ALL
SELECT 'storage', NULL, a.top::text, g.kind, g.what, NULL, NULL, NULL, NULL
  FROM grouped AS g JOIN author AS a ON a.xid = g.xid
 WHERE g.kind = 'c' AND a.committed AND a.top IN (SELECT f.top FROM followed AS f)
UNION ALL
SELECT 'storage', NULL, a.top::text, 'l', l.oid, NULL, NULL, NULL, NULL
  FROM locked AS l JOIN author AS a ON a.xid = l.xid
 WHERE a.committed AND a.top IN (SELECT f.top FROM followed AS f)
UNION ALL
SELECT 'storage', NULL, e.top::text, 'r', e.given_up, NULL, NULL, NULL, NULL
  FROM ending AS e
 WHERE e.given_up <> '' AND e.top IN (SELECT f.top FROM followed AS f)
UNION ALL
SELECT 'running', NULL, pg_catalog.split_part(pg_catalog.split_part(g.what, 'oldestRunningXid ', 2), ';', 1), NULL, NULL,
       NULL, g.first::text, g.last::text, NULL
  FROM grouped AS g
 WHERE g.kind = 'running'
UNION ALL
SELECT 'early', NULL, pg_catalog.min(a.xid::text), NULL, NULL, NULL, pg_catalog.min(a.lsn)::text, NULL, NULL
  FROM author AS a
 WHERE a.committed AND a.lsn >= $7::pg_lsn
   AND ((a.xid::text::int8 - $6::int8) & 4294967295) >= 2147483648
HAVING pg_catalog.count(*) > 0
