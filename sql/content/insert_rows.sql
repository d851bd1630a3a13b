-- Rows that production lacks; the hashes of their keys, packed, eight bytes each. Not ON CONFLICT: it checks NOT NULL
-- before it finds the conflict, so an existing row with a column that production owns would fail.
WITH made AS (
  INSERT INTO {table} AS t ({columns}) {overriding}
  SELECT {new}
    FROM pg_temp.{stage} AS s
   WHERE NOT EXISTS (SELECT FROM {source} AS t WHERE {matches})
  RETURNING {key_hash} AS key_hash
)
SELECT pg_catalog.string_agg(pg_catalog.int8send(m.key_hash), ''::bytea) FROM made AS m
