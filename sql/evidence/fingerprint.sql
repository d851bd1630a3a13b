-- Rows and the sum of their hashes, by block range: independent of the rows' order, blind to nothing that a person could
-- see. Grouped by whether the row is newer than the baseline and by which origin wrote it, so that one scan answers
-- both questions. A range without rows does not show.
-- $1: the first page of each range, $2: the page behind its last one. Each is a TID range scan of its own (14 and later).
SELECT r.first, h.origin, h.rows, h.hash
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int8[]), pg_catalog.unnest($2::pg_catalog.int8[])) AS r(first, until)
 CROSS JOIN LATERAL (
   SELECT i.origin, pg_catalog.count(*) AS rows, pg_catalog.sum(i.row_hash)::text AS hash
     FROM (SELECT {row_hash} AS row_hash, {origin} AS origin
             FROM ONLY {table} AS t
            WHERE t.ctid >= pg_catalog.concat('(', r.first, ',0)')::pg_catalog.tid
              AND t.ctid < pg_catalog.concat('(', r.until, ',0)')::pg_catalog.tid) AS i
    GROUP BY i.origin) AS h
