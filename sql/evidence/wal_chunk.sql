-- What one piece of WAL holds, in one pass and aggregated on the server: of many records, a few rows of answer.
-- The functions of pg_walinspect take half of the time, so one runs once, and what thousands of plain commits did is
-- summed up before anything is joined. split_part by a single character is cheap; regular expressions cost three times
-- as much. The kinds are those of wal_kinds.sql; in the answer m is i, and
--   t  TRUNCATE      c  storage made      r  storage given up at a commit      l  AccessExclusiveLock
-- $1, $2: from and to · $3: transactions that are open since an earlier piece · $4: relations whose change of storage
-- is followed · $5: the database · $6: the baseline's transaction, $7: where it was settled · $8: pages of a block range.
WITH records AS MATERIALIZED (
{records}
), plain AS MATERIALIZED (
  SELECT g.xid, g.first AS lsn
    FROM records AS g
   WHERE g.kind = 'C' AND g.said IS NULL
), special AS MATERIALIZED (
  SELECT g.kind, g.xid, g.said, g.rows, g.first, g.last
    FROM records AS g
   WHERE g.kind < 'a' AND g.said IS NOT NULL
), referred AS MATERIALIZED (
  -- What plain transactions wrote needs no transaction id any more.
  SELECT g.kind, CASE WHEN NOT g.xid IN (SELECT p.xid FROM plain AS p) THEN g.xid END AS xid, g.said,
         pg_catalog.sum(g.rows) AS rows, pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last
    FROM records AS g
   WHERE g.kind > 'Z'
   GROUP BY 1, 2, 3
), placed AS (
  -- "blkref #0: rel 1663/5/16385 fork main blk 7 (FPW); hole: …": the fourth word is the storage, the eighth the page.
  SELECT CASE g.kind WHEN 'm' THEN 'i' ELSE g.kind END AS kind, g.xid, pg_catalog.split_part(g.said, ' ', 4) AS said,
         CASE WHEN NOT g.kind IN ('s', 'o') AND pg_catalog.split_part(g.said, ' ', 7) = 'blk'
                THEN pg_catalog.split_part(g.said, ' ', 8)::int8 / $8 END AS range,
         g.rows, g.first, g.last
    FROM referred AS g
  UNION ALL
  -- A row that was updated to another page: the second reference is where it was.
  SELECT g.kind, g.xid, pg_catalog.split_part(s.said, ' ', 3),
         CASE WHEN pg_catalog.split_part(s.said, ' ', 6) = 'blk'
                THEN pg_catalog.split_part(s.said, ' ', 7)::int8 / $8 END,
         0, g.first, g.last
    FROM referred AS g
   CROSS JOIN LATERAL (SELECT pg_catalog.split_part(g.said, '#', 3) AS said) AS s
   WHERE s.said <> '' AND g.kind IN ('u', 'k')
  UNION ALL
  SELECT CASE g.kind WHEN 'T' THEN 't'::"char" ELSE 'c' END,
         CASE WHEN NOT g.xid IN (SELECT p.xid FROM plain AS p) THEN g.xid END, g.said, NULL, g.rows, g.first, g.last
    FROM special AS g
   WHERE g.kind IN ('T', 'S')
), summed AS MATERIALIZED (
  SELECT g.kind, g.xid, g.said, g.range,
         pg_catalog.sum(g.rows) AS rows, pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last
    FROM placed AS g
   GROUP BY 1, 2, 3, 4
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
         g.kind, g.said, pg_catalog.sum(g.rows) AS rows, pg_catalog.array_agg(g.range) AS ranges,
         pg_catalog.min(g.first) AS first, pg_catalog.max(g.last) AS last,
         pg_catalog.min(ARRAY[(g.first - '0/0'::pg_lsn)::int8, a.top::text::int8]) FILTER (WHERE a.origin <> 0) AS by
    FROM summed AS g LEFT JOIN told AS a ON a.xid = g.xid
   WHERE CASE WHEN g.xid = '0'::xid THEN g.kind NOT IN ('s', 'c')  -- of no transaction
              WHEN g.xid IS NOT NULL AND a.xid IS NULL THEN true  -- the transaction is not over yet
              WHEN a.origin <> 0 THEN a.committed OR g.kind = 's'  -- a sequence stays moved when that is rolled back
              ELSE COALESCE(a.committed, true) AND g.kind <> 's'
                   AND (g.kind IN ('t', 'o') OR pg_catalog.strpos(g.said, '/' || $5 || '/') > 0)
         END
   GROUP BY 1, 2, 3, 4
  UNION ALL
  SELECT t.origin, NULL, 'r', s.path, pg_catalog.count(*), NULL, pg_catalog.min(t.lsn), pg_catalog.max(t.lsn),
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
   WHERE g.kind = 'L' AND pg_catalog.split_part(s.words, ' ', 3) = $5
), followed AS MATERIALIZED (
  SELECT a.top
    FROM author AS a
   WHERE a.committed
     AND (a.xid = ANY ($3::text[]::xid[]) OR a.xid IN (SELECT l.xid FROM locked AS l WHERE l.oid = ANY ($4::text[])))
)
SELECT 'position' AS sort, NULL::int4 AS origin, NULL::text AS xid, NULL::text AS kind, NULL::text AS what,
       pg_catalog.sum(g.rows)::int8 AS rows, NULL::int8[] AS ranges, NULL::text AS first,
       pg_catalog.max(g.until)::text AS last, NULL::text AS at
  FROM records AS g
UNION ALL
-- What the records would come to if they were grouped.
SELECT 'groups', NULL, NULL, NULL, NULL,
       (SELECT pg_catalog.count(*) FROM referred) + (SELECT pg_catalog.count(*) FROM plain), NULL, NULL, NULL, NULL
UNION ALL
SELECT CASE WHEN w.open IS NULL THEN 'written' ELSE 'open' END, w.origin, COALESCE(w.by[2]::text, w.open::text),
       w.kind::text, w.said, w.rows::int8, w.ranges, w.first::text, w.last::text,
       (SELECT t.at FROM ended AS t WHERE t.top::text = w.by[2]::text LIMIT 1)
  FROM written AS w
UNION ALL
SELECT 'open', NULL, l.xid::text, 'l', l.oid, 1, NULL, NULL, NULL, NULL
  FROM locked AS l
 WHERE NOT EXISTS (SELECT FROM author AS a WHERE a.xid = l.xid)
UNION ALL
SELECT 'prepared', p.origin, s.xid, NULL, NULL, NULL, NULL, p.lsn::text, NULL, NULL
  FROM prepared AS p
 CROSS JOIN LATERAL pg_catalog.unnest(
   pg_catalog.string_to_array(pg_catalog.concat_ws(' ', p.top::text, NULLIF(p.subtransactions, '')), ' ')) AS s(xid)
 WHERE p.origin <> 0 AND NOT EXISTS (SELECT FROM author AS a WHERE a.xid = p.top)
UNION ALL
SELECT 'ended', a.origin, a.xid::text, CASE WHEN a.committed THEN 'commit' ELSE 'abort' END, a.top::text, NULL, NULL,
       a.lsn::text, NULL, a.at
  FROM author AS a
 WHERE a.xid = ANY ($3::text[]::xid[])
UNION ALL
SELECT 'storage', NULL, a.top::text, 'c', g.said, NULL, NULL, NULL, NULL, NULL
  FROM special AS g JOIN author AS a ON a.xid = g.xid
 WHERE g.kind = 'S' AND a.committed AND a.top IN (SELECT f.top FROM followed AS f)
UNION ALL
SELECT 'storage', NULL, a.top::text, 'l', l.oid, NULL, NULL, NULL, NULL, NULL
  FROM locked AS l JOIN author AS a ON a.xid = l.xid
 WHERE a.committed AND a.top IN (SELECT f.top FROM followed AS f)
UNION ALL
SELECT 'storage', NULL, e.top::text, 'r', e.given_up, NULL, NULL, NULL, NULL, NULL
  FROM ending AS e
 WHERE e.given_up <> '' AND e.top IN (SELECT f.top FROM followed AS f)
UNION ALL
SELECT 'running', NULL, pg_catalog.split_part(pg_catalog.split_part(g.said, 'oldestRunningXid ', 2), ';', 1), NULL, NULL,
       NULL, NULL, g.first::text, g.last::text, NULL
  FROM special AS g
 WHERE g.kind = 'R'
UNION ALL
SELECT 'early', NULL, pg_catalog.min(a.xid::text), NULL, NULL, NULL, NULL, pg_catalog.min(a.lsn)::text, NULL, NULL
  FROM author AS a
 WHERE a.committed AND a.lsn >= $7::pg_lsn
   AND ((a.xid::text::int8 - $6::int8) & 4294967295) >= 2147483648
HAVING pg_catalog.count(*) > 0
