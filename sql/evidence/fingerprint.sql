-- Rows and the sum of their hashes: independent of the rows' order, blind to nothing that a person could see. Grouped
-- by whether the row is newer than the baseline and by which origin wrote it, so that one scan answers both questions.
SELECT h.origin, pg_catalog.count(*) AS rows, pg_catalog.sum(h.row_hash)::text AS hash
  FROM (SELECT {row_hash} AS row_hash, {origin} AS origin FROM ONLY {table} AS t) AS h
 GROUP BY h.origin
