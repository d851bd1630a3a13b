-- What one piece of WAL holds, in one pass and aggregated on the server: of many records, a few rows of answer.
-- Every record falls into a kind, or changes no row. One that is not known counts as a write (o), so that neither a new
-- version nor an extension can hide it. The writes:
--   i u k d   rows inserted, updated, updated with their key, deleted (Heap, Heap2)
--   t  TRUNCATE (only with wal_level logical)      s  sequence      o  anything else that could be a table's
--   c  storage made      r  storage given up at a commit      l  AccessExclusiveLock, without which none changes hands
-- split_part, because regular expressions are three times slower; OFFSET 0, so that the kind is worked out once.
-- The functions of pg_walinspect take half of the time, so the records are looked at once (grouped), kinds are single
-- bytes ("char"; text took a fifth more), and what hundreds of thousands of plain commits did is summed up (summed)
-- before anything is joined. A plain commit is one that only says its time: local, without sub-transactions, no storage
-- given up. Upper case: C commit, A abort, P prepare, Q commit prepared, B abort prepared, R running; m is i, many rows.
-- $1, $2: from and to · $3: transactions that are open since an earlier piece · $4: relations whose change of storage
-- is followed · $5: the database · $6: the baseline's transaction, $7: where it was settled.
WITH grouped AS MATERIALIZED (
  SELECT r.kind,
         CASE WHEN r.kind IS NOT NULL THEN r.xid END AS xid,
         -- Of a block reference what stands before " fork": the storage is its fourth word. A plain commit says nothing.
         CASE WHEN r.kind IN ('i', 'm', 'u', 'k', 'd', 's', 'o')
                THEN pg_catalog.split_part(COALESCE(r.block_ref, ''), ' fork', 1)
              WHEN r.kind <> 'C' OR pg_catalog.strpos(r.description, ';') > 0 THEN COALESCE(r.description, '') END AS said,
         pg_catalog.sum(CASE WHEN r.kind IS DISTINCT FROM 'm' THEN 1
                             WHEN pg_catalog.starts_with(r.description, 'n')  -- 15 writes "226 tuples …"
                               THEN pg_catalog.split_part(pg_catalog.split_part(r.description, ' ', 2), ',', 1)::int4
                             ELSE pg_catalog.split_part(r.description, ' ', 1)::int4 END) AS rows,
         pg_catalog.min(r.start_lsn) AS first, pg_catalog.max(r.start_lsn) AS last, pg_catalog.max(r.end_lsn) AS until
    FROM (
      SELECT w.start_lsn, w.end_lsn, w.xid, w.description, w.block_ref,
             CASE w.resource_manager
               WHEN 'Heap' THEN CASE w.record_type
                 WHEN 'HOT_UPDATE' THEN 'u' WHEN 'INSERT' THEN 'i' WHEN 'LOCK' THEN NULL WHEN 'DELETE' THEN 'd'
                 WHEN 'UPDATE' THEN
                   CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k'::"char" ELSE 'u' END
                 WHEN 'INSERT+INIT' THEN 'i' WHEN 'HOT_UPDATE+INIT' THEN 'u' WHEN 'DELETE+INIT' THEN 'd'
                 WHEN 'UPDATE+INIT' THEN
                   CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k'::"char" ELSE 'u' END
                 WHEN 'TRUNCATE' THEN 't' WHEN 'INPLACE' THEN NULL WHEN 'HEAP_CONFIRM' THEN NULL
                 ELSE 'o'::"char" END
               WHEN 'Btree' THEN NULL
               WHEN 'Transaction' THEN CASE w.record_type
                 WHEN 'COMMIT' THEN 'C'::"char" WHEN 'ABORT' THEN 'A' WHEN 'PREPARE' THEN 'P'
                 WHEN 'COMMIT_PREPARED' THEN 'Q' WHEN 'ABORT_PREPARED' THEN 'B' END
               WHEN 'Heap2' THEN CASE w.record_type
                 WHEN 'PRUNE_ON_ACCESS' THEN NULL WHEN 'MULTI_INSERT' THEN 'm' WHEN 'MULTI_INSERT+INIT' THEN 'm'
                 WHEN 'NEW_CID' THEN NULL WHEN 'VISIBLE' THEN NULL WHEN 'LOCK_UPDATED' THEN NULL WHEN 'REWRITE' THEN NULL
                 WHEN 'PRUNE' THEN NULL WHEN 'PRUNE_VACUUM_SCAN' THEN NULL
                 WHEN 'PRUNE_VACUUM_CLEANUP' THEN NULL WHEN 'VACUUM' THEN NULL WHEN 'FREEZE_PAGE' THEN NULL
                 ELSE 'o'::"char" END
               WHEN 'XLOG' THEN NULL
               WHEN 'Standby' THEN CASE w.record_type WHEN 'LOCK' THEN 'l'::"char" WHEN 'RUNNING_XACTS' THEN 'R' END
               WHEN 'Storage' THEN CASE w.record_type WHEN 'CREATE' THEN 'c'::"char" END
               WHEN 'Sequence' THEN 's'
               WHEN 'Gin' THEN NULL WHEN 'Gist' THEN NULL WHEN 'Hash' THEN NULL WHEN 'SPGist' THEN NULL
               WHEN 'BRIN' THEN NULL WHEN 'CLOG' THEN NULL WHEN 'MultiXact' THEN NULL WHEN 'RelMap' THEN NULL
               WHEN 'Database' THEN NULL WHEN 'Tablespace' THEN NULL WHEN 'CommitTs' THEN NULL
               WHEN 'ReplicationOrigin' THEN NULL WHEN 'LogicalMessage' THEN NULL
               ELSE 'o'::"char" END AS kind
        FROM egrow_ext.pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn) AS w
      OFFSET 0) AS r
   -- What changes no row only matters at the end, from where the next piece goes on; 1 MB, because 32 whole pages
   -- of a new index are one record.
   WHERE r.kind IS NOT NULL OR r.end_lsn > $2::pg_lsn - 1048576::numeric
   GROUP BY 1, 2, 3
), plain AS MATERIALIZED (
  SELECT g.xid, g.first AS lsn
    FROM grouped AS g
   WHERE g.kind = 'C' AND g.said IS NULL
), summed AS MATERIALIZED (
  -- What plain transactions wrote needs no transaction id any more: few rows are left.
  SELECT CASE g.kind WHEN 'm' THEN 'i' ELSE g.kind END AS kind,
         CASE WHEN w.writes AND NOT g.xid IN (SELECT p.xid FROM plain AS p) THEN g.xid END AS xid,
         CASE WHEN w.writes THEN g.said END AS said,
         pg_catalog.sum(g.rows) AS rows,
         pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last, pg_catalog.max(g.until) AS until
    FROM grouped AS g
   CROSS JOIN LATERAL (SELECT g.kind IN ('i', 'm', 'u', 'k', 'd', 't', 's', 'o', 'c') AS writes) AS w
   GROUP BY 1, 2, 3
), special AS MATERIALIZED (
  SELECT g.kind, g.xid, g.said, g.first, g.last
    FROM grouped AS g
   WHERE g.said IS NOT NULL AND g.kind IN ('C', 'A', 'P', 'Q', 'B', 'l', 'c', 'R')
), prepared AS MATERIALIZED (
  -- What stands in front is the application's own text: what follows its last time stamp is the server's.
  SELECT g.xid AS top, g.first AS lsn,
         COALESCE(NULLIF(pg_catalog.split_part(pg_catalog.split_part(p.said, '; origin: node ', 2), ',', 1), ''), '0')::int4
           AS origin,
         pg_catalog.split_part(pg_catalog.split_part(p.said, '; subxacts: ', 2), ';', 1) AS subtransactions
    FROM special AS g
   CROSS JOIN LATERAL (SELECT pg_catalog.regexp_replace(g.said, '^gid .*: (?=\d\d\d\d-\d\d-\d\d \d\d:)', '') AS said) AS p
   WHERE g.kind = 'P'
), ending AS MATERIALIZED (
  -- Every end of a transaction with more to say than its time.
  SELECT g.first AS lsn,
         g.kind IN ('C', 'Q') AS committed,
         CASE WHEN g.kind IN ('C', 'A') THEN g.xid ELSE pg_catalog.split_part(g.said, ':', 1)::xid END AS top,
         pg_catalog.split_part(CASE WHEN g.kind IN ('C', 'A') THEN g.said
                                    ELSE pg_catalog.split_part(g.said, ': ', 2) END, ';', 1) AS at,
         COALESCE(NULLIF(pg_catalog.split_part(pg_catalog.split_part(g.said, '; origin: node ', 2), ',', 1), ''), '0')::int4
           AS origin,
         pg_catalog.split_part(pg_catalog.split_part(g.said, '; subxacts: ', 2), ';', 1) AS subtransactions,
         pg_catalog.split_part(pg_catalog.split_part(g.said, '; rels: ', 2), ';', 1) AS given_up
    FROM special AS g
   WHERE g.kind IN ('C', 'A', 'Q', 'B')
), ended AS MATERIALIZED (
  SELECT e.* FROM ending AS e
  UNION ALL
  -- Prepared under one origin, committed under another: both have written.
  SELECT e.lsn, e.committed, e.top, e.at, p.origin, e.subtransactions, e.given_up
    FROM prepared AS p JOIN ending AS e ON e.top = p.top
   WHERE p.origin <> e.origin
), told AS MATERIALIZED (
  SELECT t.top AS xid, t.top, t.origin, t.committed, t.at, t.lsn FROM ended AS t
  UNION ALL
  SELECT s.xid::xid, t.top, t.origin, t.committed, t.at, t.lsn
    FROM ended AS t
   CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(t.subtransactions, ' ')) AS s(xid)
   WHERE t.subtransactions <> ''
), author AS NOT MATERIALIZED (
  SELECT p.xid, p.xid AS top, 0 AS origin, true AS committed, NULL::text AS at, p.lsn FROM plain AS p
  UNION ALL
  SELECT t.xid, t.top, t.origin, t.committed, t.at, t.lsn FROM told AS t
), written AS (
  SELECT COALESCE(a.origin, 0) AS origin, CASE WHEN a.xid IS NULL AND g.xid <> '0'::xid THEN g.xid END AS open,
         g.kind, g.said, pg_catalog.sum(g.rows) AS rows,
         pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last,
         pg_catalog.min(ARRAY[(g.first - '0/0'::pg_lsn)::int8, a.top::text::int8]) FILTER (WHERE a.origin <> 0) AS by
    FROM summed AS g LEFT JOIN told AS a ON a.xid = g.xid
   WHERE g.kind IN ('i', 'u', 'k', 'd', 't', 's', 'o', 'c')
     AND CASE WHEN g.xid = '0'::xid THEN g.kind NOT IN ('s', 'c')  -- of no transaction
              WHEN g.xid IS NOT NULL AND a.xid IS NULL THEN true  -- the transaction is not over yet
              WHEN a.origin <> 0 THEN a.committed OR g.kind = 's'  -- a sequence stays moved when that is rolled back
              ELSE COALESCE(a.committed, true) AND g.kind <> 's'
                   AND (g.kind IN ('t', 'o') OR pg_catalog.strpos(g.said, '/' || $5 || '/') > 0)
         END
   GROUP BY 1, 2, 3, 4
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
    FROM special AS g
   CROSS JOIN LATERAL pg_catalog.unnest((pg_catalog.string_to_array(g.said, 'xid '))[2:]) AS s(words)
   WHERE g.kind = 'l' AND pg_catalog.split_part(s.words, ' ', 3) = $5
), followed AS MATERIALIZED (
  SELECT a.top
    FROM author AS a
   WHERE a.committed
     AND (a.xid = ANY ($3::text[]::xid[]) OR a.xid IN (SELECT l.xid FROM locked AS l WHERE l.oid = ANY ($4::text[])))
)
SELECT 'position' AS sort, NULL::int4 AS origin, NULL::text AS xid, NULL::text AS kind, NULL::text AS what,
       pg_catalog.sum(g.rows)::int8 AS rows, NULL::text AS first, pg_catalog.max(g.until)::text AS last, NULL::text AS at
  FROM summed AS g
UNION ALL
SELECT CASE WHEN w.open IS NULL THEN 'written' ELSE 'open' END, w.origin, COALESCE(w.by[2]::text, w.open::text),
       w.kind::text, CASE WHEN w.kind IN ('t', 'c', 'r') THEN w.said ELSE pg_catalog.split_part(w.said, ' ', 4) END,
       w.rows::int8, w.first::text, w.last::text,
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
 WHERE a.xid = ANY ($3::text[]::xid[])
UNION ALL
SELECT 'storage', NULL, a.top::text, 'c', g.said, NULL, NULL, NULL, NULL
  FROM special AS g JOIN author AS a ON a.xid = g.xid
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
SELECT 'running', NULL, pg_catalog.split_part(pg_catalog.split_part(g.said, 'oldestRunningXid ', 2), ';', 1), NULL, NULL,
       NULL, g.first::text, g.last::text, NULL
  FROM special AS g
 WHERE g.kind = 'R'
UNION ALL
SELECT 'early', NULL, pg_catalog.min(a.xid::text), NULL, NULL, NULL, pg_catalog.min(a.lsn)::text, NULL, NULL
  FROM author AS a
 WHERE a.committed AND a.lsn >= $7::pg_lsn
   AND ((a.xid::text::int8 - $6::int8) & 4294967295) >= 2147483648
HAVING pg_catalog.count(*) > 0
