-- Another row's values, which are valid ones; no lock.
SELECT t.ctid::pg_catalog.text AS ctid, {values} AS values
  FROM ONLY {table} AS t
 ORDER BY {backwards}
 LIMIT 1
