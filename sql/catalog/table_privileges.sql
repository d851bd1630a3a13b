-- Whether role $1 holds each privilege of $3 on each relation of $2; one line for each that is missing.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name, p.privilege
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 CROSS JOIN pg_catalog.unnest($3::text[]) AS p (privilege)
 WHERE c.oid = ANY ($2::oid[])
   AND NOT pg_catalog.has_table_privilege($1::name, c.oid, p.privilege)
 ORDER BY n.nspname, c.relname, p.privilege
