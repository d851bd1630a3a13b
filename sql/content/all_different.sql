-- Whether these columns alone tell all rows of the table apart.
SELECT pg_catalog.count(*) = pg_catalog.count(DISTINCT h.row_hash)
  FROM (SELECT {row_hash} AS row_hash FROM {source} AS t WHERE {condition}) AS h
