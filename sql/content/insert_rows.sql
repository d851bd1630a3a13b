-- Rows that production lacks. Not ON CONFLICT: it checks NOT NULL before it finds the conflict, so an existing row with
-- a column that production owns would fail.
INSERT INTO {table} AS t ({columns}) {overriding}
SELECT {new}
  FROM pg_temp.{stage} AS s
 WHERE NOT EXISTS (SELECT FROM {source} AS t WHERE {matches})
RETURNING {key_hash}
