-- Relations of $1 that the present role may not publish: only the owner of every table can, no privilege replaces it.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name, pg_catalog.pg_get_userbyid(c.relowner)::text AS owner
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::oid[])
   AND NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
 ORDER BY n.nspname, c.relname
