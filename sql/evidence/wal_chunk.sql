-- What one piece of WAL holds, aggregated on the server in one pass: millions of records, a few rows of answer.
-- Every record falls into a kind (letters below) or into the one group of those that change no row; a kind that is not
-- known counts as a write (o), so that a new version or an extension cannot hide one. split_part, because regular
-- expressions are three times slower.
--   i u k d   rows inserted, updated, updated with their key, deleted (Heap, Heap2)
--   t  TRUNCATE (wal_level logical only)      s  sequence      o  anything else that could be a table's
--   c  storage made      r  storage given up by a commit      l  AccessExclusiveLock: whose storage changes
--   x  end of a transaction      a  the transactions that run
-- $1, $2: from and to · $3: transactions that are open since earlier pieces · $4: relations whose change of storage is
-- followed · $5: the database · $6: the baseline's transaction, $7: where it was settled.
WITH record AS (
  SELECT w.start_lsn, w.end_lsn, w.xid, w.record_type AS type, w.description, w.block_ref,
         CASE w.resource_manager
           WHEN 'Heap' THEN CASE pg_catalog.split_part(w.record_type, '+', 1)
             WHEN 'INSERT' THEN 'i'
             WHEN 'HOT_UPDATE' THEN 'u'
             WHEN 'UPDATE' THEN CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k' ELSE 'u' END
             WHEN 'DELETE' THEN 'd'
             WHEN 'TRUNCATE' THEN 't'
             WHEN 'LOCK' THEN NULL WHEN 'INPLACE' THEN NULL WHEN 'HEAP_CONFIRM' THEN NULL
             ELSE 'o' END
           WHEN 'Heap2' THEN CASE pg_catalog.split_part(w.record_type, '+', 1)
             WHEN 'MULTI_INSERT' THEN 'i'
             WHEN 'NEW_CID' THEN NULL WHEN 'VISIBLE' THEN NULL WHEN 'LOCK_UPDATED' THEN NULL WHEN 'REWRITE' THEN NULL
             WHEN 'PRUNE' THEN NULL WHEN 'PRUNE_ON_ACCESS' THEN NULL WHEN 'PRUNE_VACUUM_SCAN' THEN NULL
             WHEN 'PRUNE_VACUUM_CLEANUP' THEN NULL WHEN 'VACUUM' THEN NULL WHEN 'FREEZE_PAGE' THEN NULL
             ELSE 'o' END
           WHEN 'Transaction' THEN
             CASE WHEN w.record_type IN ('COMMIT', 'ABORT', 'PREPARE', 'COMMIT_PREPARED', 'ABORT_PREPARED') THEN 'x' END
           WHEN 'Standby' THEN CASE w.record_type WHEN 'LOCK' THEN 'l' WHEN 'RUNNING_XACTS' THEN 'a' END
           WHEN 'Storage' THEN CASE w.record_type WHEN 'CREATE' THEN 'c' END
           WHEN 'Sequence' THEN 's'
           WHEN 'Btree' THEN NULL WHEN 'Hash' THEN NULL WHEN 'Gin' THEN NULL WHEN 'Gist' THEN NULL
           WHEN 'SPGist' THEN NULL WHEN 'BRIN' THEN NULL WHEN 'XLOG' THEN NULL WHEN 'CLOG' THEN NULL
           WHEN 'MultiXact' THEN NULL WHEN 'RelMap' THEN NULL WHEN 'Database' THEN NULL WHEN 'Tablespace' THEN NULL
           WHEN 'CommitTs' THEN NULL WHEN 'ReplicationOrigin' THEN NULL WHEN 'LogicalMessage' THEN NULL
           ELSE 'o' END AS kind
    FROM egrow_ext.pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn) AS w
), grouped AS MATERIALIZED (
  SELECT r.kind,
         CASE WHEN r.kind IS NOT NULL THEN r.xid END AS xid,
         CASE WHEN r.kind = 'x' THEN r.type END AS type,
         CASE WHEN r.kind IN ('x', 'a', 'l', 'c', 't') THEN COALESCE(r.description, '')
              WHEN r.kind IS NOT NULL THEN pg_catalog.split_part(COALESCE(r.block_ref, ''), ' ', 4) END AS what,
         pg_catalog.sum(CASE WHEN pg_catalog.starts_with(r.type, 'MULTI_INSERT') THEN
             CASE WHEN pg_catalog.starts_with(r.description, 'ntuples: ')
                  THEN pg_catalog.split_part(pg_catalog.split_part(r.description, ' ', 2), ',', 1)::int8
                  ELSE pg_catalog.split_part(r.description, ' ', 1)::int8 END
           ELSE 1 END) AS rows,
         pg_catalog.min(r.start_lsn) AS first, pg_catalog.max(r.start_lsn) AS last, pg_catalog.max(r.end_lsn) AS until
    FROM record AS r
   GROUP BY 1, 2, 3, 4
), ending AS MATERIALIZED (
  SELECT g.first AS lsn,
         pg_catalog.starts_with(g.type, 'COMMIT') AS committed,
         CASE WHEN g.type IN ('COMMIT_PREPARED', 'ABORT_PREPARED') THEN pg_catalog.split_part(g.what, ':', 1)::xid
              ELSE g.xid END AS top,
         pg_catalog.split_part(CASE WHEN g.type IN ('COMMIT_PREPARED', 'ABORT_PREPARED')
                                    THEN pg_catalog.split_part(g.what, ': ', 2) ELSE g.what END, ';', 1) AS at,
         COALESCE(NULLIF(pg_catalog.split_part(
           pg_catalog.split_part(g.what, '; origin: node ', 2), ',', 1), ''), '0')::int4 AS origin,
         pg_catalog.split_part(pg_catalog.split_part(g.what, '; subxacts: ', 2), ';', 1) AS subtransactions,
         pg_catalog.split_part(pg_catalog.split_part(g.what, '; rels: ', 2), ';', 1) AS given_up
    FROM grouped AS g
   WHERE g.kind = 'x' AND g.type <> 'PREPARE'
), prepared AS (
  -- The identifier in front is the application's text: what follows its last time stamp is the server's.
  SELECT g.xid AS top, g.first AS lsn,
         COALESCE(NULLIF(pg_catalog.split_part(pg_catalog.split_part(p.said, '; origin: node ', 2), ',', 1), ''), '0')::int4
           AS origin,
         pg_catalog.split_part(pg_catalog.split_part(p.said, '; subxacts: ', 2), ';', 1) AS subtransactions
    FROM grouped AS g
   CROSS JOIN LATERAL (SELECT pg_catalog.regexp_replace(g.what, '^gid .*: (?=\d\d\d\d-\d\d-\d\d \d\d:)', '') AS said) AS p
   WHERE g.kind = 'x' AND g.type = 'PREPARE'
), outcome AS MATERIALIZED (
  SELECT e.top AS xid, e.top, e.origin, e.committed, e.at, e.lsn FROM ending AS e
  UNION ALL
  SELECT s.xid::xid, e.top, e.origin, e.committed, e.at, e.lsn
    FROM ending AS e
   CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(e.subtransactions, ' ')) AS s(xid)
   WHERE e.subtransactions <> ''
), author AS MATERIALIZED (
  SELECT o.xid, o.top, o.origin, o.committed FROM outcome AS o
  UNION ALL
  -- Prepared under one origin, committed under another: both have written.
  SELECT o.xid, o.top, p.origin, o.committed
    FROM outcome AS o JOIN prepared AS p ON p.top = o.top
   WHERE p.origin <> o.origin
), written AS (
  SELECT a.origin, g.kind, g.what, pg_catalog.sum(g.rows) AS rows,
         pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last,
         pg_catalog.min(ARRAY[(g.first - '0/0'::pg_lsn)::int8, a.top::text::int8]) FILTER (WHERE a.origin <> 0) AS by
    FROM grouped AS g JOIN author AS a ON a.xid = g.xid
   WHERE g.kind IN ('i', 'u', 'k', 'd', 't', 's', 'o', 'c')
     -- A sequence that a rolled back transaction moved stays moved.
     AND (a.committed OR g.kind = 's')
     AND (a.origin <> 0 OR (g.kind <> 's' AND (g.kind IN ('t', 'o') OR pg_catalog.strpos(g.what, '/' || $5 || '/') > 0)))
   GROUP BY 1, 2, 3
  UNION ALL
  SELECT 0, g.kind, g.what, g.rows, g.first, g.last, NULL
    FROM grouped AS g
   WHERE g.kind IN ('i', 'u', 'k', 'd', 't', 'o') AND g.xid::text = '0'
  UNION ALL
  SELECT a.origin, 'r', s.path, pg_catalog.count(*), pg_catalog.min(e.lsn), pg_catalog.max(e.lsn),
         pg_catalog.min(ARRAY[(e.lsn - '0/0'::pg_lsn)::int8, a.top::text::int8]) FILTER (WHERE a.origin <> 0)
    FROM ending AS e JOIN author AS a ON a.xid = e.top
   CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(e.given_up, ' ')) AS s(path)
   WHERE e.given_up <> '' AND e.committed
     AND (a.origin <> 0 OR pg_catalog.strpos(s.path, '/' || $5 || '/') > 0)
   GROUP BY 1, 2, 3
), locked AS (
  SELECT pg_catalog.split_part(s.words, ' ', 1) AS xid, pg_catalog.split_part(s.words, ' ', 5) AS oid
    FROM grouped AS g
   CROSS JOIN LATERAL pg_catalog.unnest((pg_catalog.string_to_array(g.what, 'xid '))[2:]) AS s(words)
   WHERE g.kind = 'l' AND pg_catalog.split_part(s.words, ' ', 3) = $5
), followed AS MATERIALIZED (
  SELECT DISTINCT o.top
    FROM outcome AS o
   WHERE o.committed
     AND (o.xid::text = ANY ($3::text[]) OR o.xid::text IN (SELECT l.xid FROM locked AS l WHERE l.oid = ANY ($4::text[])))
)
SELECT 'position' AS sort, NULL::int4 AS origin, NULL::text AS xid, NULL::text AS kind, NULL::text AS what,
       NULL::int8 AS rows, NULL::text AS first, pg_catalog.max(g.until)::text AS last, NULL::text AS at
  FROM grouped AS g
UNION ALL
SELECT 'written', w.origin, w.by[2]::text, w.kind, w.what, w.rows::int8, w.first::text, w.last::text, o.at
  FROM written AS w LEFT JOIN outcome AS o ON o.xid::text = w.by[2]::text
UNION ALL
SELECT 'open', NULL, g.xid::text, g.kind, g.what, g.rows::int8, g.first::text, g.last::text, NULL
  FROM grouped AS g
 WHERE g.kind IN ('i', 'u', 'k', 'd', 't', 's', 'o', 'c') AND g.xid::text <> '0'
   AND NOT EXISTS (SELECT FROM outcome AS o WHERE o.xid = g.xid)
UNION ALL
SELECT 'open', NULL, l.xid, 'l', l.oid, 1, NULL, NULL, NULL
  FROM locked AS l
 WHERE NOT EXISTS (SELECT FROM outcome AS o WHERE o.xid::text = l.xid)
UNION ALL
SELECT 'prepared', p.origin, s.xid, NULL, NULL, NULL, p.lsn::text, NULL, NULL
  FROM prepared AS p
 CROSS JOIN LATERAL pg_catalog.unnest(
   pg_catalog.string_to_array(pg_catalog.concat_ws(' ', p.top::text, NULLIF(p.subtransactions, '')), ' ')) AS s(xid)
 WHERE p.origin <> 0 AND NOT EXISTS (SELECT FROM outcome AS o WHERE o.xid = p.top)
UNION ALL
SELECT 'ended', o.origin, o.xid::text, CASE WHEN o.committed THEN 'commit' ELSE 'abort' END, o.top::text, NULL,
       o.lsn::text, NULL, o.at
  FROM outcome AS o
 WHERE o.xid::text = ANY ($3::text[])
UNION ALL
SELECT 'storage', NULL, o.top::text, g.kind, g.what, NULL, NULL, NULL, NULL
  FROM grouped AS g JOIN outcome AS o ON o.xid = g.xid JOIN followed AS f ON f.top = o.top
 WHERE g.kind = 'c' AND o.committed
UNION ALL
SELECT 'storage', NULL, o.top::text, 'l', l.oid, NULL, NULL, NULL, NULL
  FROM locked AS l JOIN outcome AS o ON o.xid::text = l.xid JOIN followed AS f ON f.top = o.top
 WHERE o.committed
UNION ALL
SELECT 'storage', NULL, e.top::text, 'r', e.given_up, NULL, NULL, NULL, NULL
  FROM ending AS e JOIN followed AS f ON f.top = e.top
 WHERE e.given_up <> ''
UNION ALL
SELECT 'running', NULL, pg_catalog.split_part(pg_catalog.split_part(g.what, 'oldestRunningXid ', 2), ';', 1), NULL, NULL,
       NULL, g.first::text, g.last::text, NULL
  FROM grouped AS g WHERE g.kind = 'a'
UNION ALL
SELECT 'early', NULL, pg_catalog.min(o.xid::text), NULL, NULL, NULL, pg_catalog.min(o.lsn)::text, NULL, NULL
  FROM outcome AS o
 WHERE o.committed AND o.lsn >= $7::pg_lsn
   AND ((o.xid::text::int8 - $6::int8) & 4294967295) >= 2147483648
HAVING pg_catalog.count(*) > 0
