-- Which of the wanted values (an array of arrays of texts) a table has, and in which row. Typed, so that an index can
-- answer.
SELECT w.number::int AS number, ARRAY[{key}]::text[] AS key
  FROM pg_catalog.jsonb_array_elements($1::pg_catalog.jsonb) WITH ORDINALITY AS w (value, number)
  JOIN {source} AS t ON {matches}
 WHERE {condition}
