-- Schemas in which the roles in $1 may create, and functions that run with their owner's rights and that they may
-- call: nothing stops such a function at the role's own limits. $2 are schemas that are not looked at.
SELECT r.rolname::text AS role, 'schema' AS kind, n.nspname::text AS name
  FROM pg_catalog.pg_roles AS r
 CROSS JOIN pg_catalog.pg_namespace AS n
 WHERE r.rolname = ANY ($1::text[])
   AND n.nspname <> ALL ($2::text[])
   AND n.nspname !~ '^pg_'
   AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'CREATE')
UNION ALL
SELECT r.rolname::text, 'function', pg_catalog.concat(n.nspname, '.', p.proname)
  FROM pg_catalog.pg_roles AS r
 CROSS JOIN pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE r.rolname = ANY ($1::text[])
   AND p.prosecdef
   AND p.oid >= 16384
   AND pg_catalog.has_function_privilege(r.oid, p.oid, 'EXECUTE')
   AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
 ORDER BY 1, 2, 3
