-- Relations of $1 that the present role cannot read: a fingerprint or a backup would fail on them.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::oid[])
   AND NOT (pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT'))
 ORDER BY n.nspname, c.relname
