-- Rows whose foreign key points nowhere. A key with a NULL in it points nowhere on purpose.
SELECT pg_catalog.count(*)
  FROM {table} AS t
 WHERE {all_present}
   AND NOT EXISTS (SELECT FROM {references} AS r WHERE {matches})
