-- Which of the wanted values (an array of arrays of texts) meet a row that an index which keeps rows apart holds, and
-- which row that is. The inner FROM has one table only: an expression of the index names columns without a table.
SELECT w.number::int AS number, t.key
  FROM pg_catalog.jsonb_array_elements($1::pg_catalog.jsonb) WITH ORDINALITY AS w (value, number)
  JOIN (SELECT ARRAY[{key}]::text[] AS key, {parts} FROM {source} AS t WHERE {predicate}) AS t ON {matches}
