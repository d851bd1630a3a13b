-- Those of the relations in $1 of which row security would hide rows from the present role.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::oid[])
   AND pg_catalog.row_security_active(c.oid)
 ORDER BY 1
