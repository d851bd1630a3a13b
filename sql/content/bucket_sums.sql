-- One line a bucket of rows: how many, and the sum of their hashes. Only these travel until a bucket differs. A sum,
-- not XOR, so that equal rows do not cancel out; numeric, so that it cannot overflow.
SELECT (h.key_hash & $1::int8)::int4 AS bucket,
       pg_catalog.count(*) AS rows,
       pg_catalog.sum(h.row_hash::numeric)::text AS hash
  FROM (SELECT {key_hash} AS key_hash, {row_hash} AS row_hash FROM {source} AS t WHERE {condition}) AS h
 GROUP BY 1
