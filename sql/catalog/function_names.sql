-- The names of the functions in $1.
SELECT p.oid::bigint AS oid, n.nspname AS schema_name, p.proname AS function_name
  FROM pg_catalog.pg_proc AS p JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE p.oid = ANY ($1::oid[])
