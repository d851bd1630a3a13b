-- What the publication really publishes, resolved by the server, and by which entry: one that was taken out and put back
-- has another oid. None where the table comes with others: its schema, its root, or all tables.
SELECT ARRAY[t.schemaname, t.tablename]::text[] AS name,
       t.attnames::text[] AS columns,
       t.rowfilter AS filter,
       c.oid::int8 AS table_oid,
       r.oid::int8 AS entry_oid,
       r.xmin::text AS entry_version
  FROM pg_catalog.pg_publication_tables AS t
  JOIN pg_catalog.pg_publication AS p ON p.pubname = t.pubname
  JOIN pg_catalog.pg_namespace AS n ON n.nspname = t.schemaname
  JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = t.tablename
  LEFT JOIN pg_catalog.pg_publication_rel AS r ON r.prpubid = p.oid AND r.prrelid = c.oid
 WHERE t.pubname = $1
 ORDER BY t.schemaname, t.tablename
