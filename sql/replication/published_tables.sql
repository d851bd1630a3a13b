-- What the publication really publishes, resolved by the server.
SELECT ARRAY[schemaname, tablename]::text[] AS name, attnames::text[] AS columns
  FROM pg_catalog.pg_publication_tables
 WHERE pubname = $1
 ORDER BY schemaname, tablename
