-- The first row that nobody else holds, as texts: found by the key's index, never waited for.
SELECT t.ctid::pg_catalog.text AS ctid, {values} AS values
  FROM ONLY {table} AS t
 ORDER BY {key}
 LIMIT 1
   FOR UPDATE SKIP LOCKED
