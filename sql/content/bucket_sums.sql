-- One line a bucket of rows: how many, and the sum of their hashes. Only these travel until a bucket differs. A sum,
-- not XOR, so that equal rows do not cancel out; as text, because two of them are only ever compared. The second, empty
-- part of the UNION keeps the planner from taking every key for a bucket of its own: it would sort all rows, whole, and
-- hash them in one process.
SELECT h.bucket, pg_catalog.count(*) AS rows, pg_catalog.sum(h.row_hash)::text AS total
  FROM (SELECT ({bucket} & $1::int8)::int4 AS bucket, {row_hash} AS row_hash FROM {source} AS t WHERE {condition}
         UNION ALL
        SELECT 0, 0::int8 WHERE false) AS h
 GROUP BY h.bucket
