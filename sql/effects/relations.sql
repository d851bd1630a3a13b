-- Every relation that can be written or read by name, sequences too, with what decides whose it is: its owner. Sizes are left out:
-- asking for them opens every file.
SELECT c.oid::bigint AS oid,
       ARRAY[n.nspname, c.relname]::text[] AS name,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       r.rolname::text AS owner,
       -- A superuser, or who may become the apply role: setup makes only the operator its member.
       r.rolsuper OR EXISTS (SELECT FROM pg_catalog.pg_roles AS a
                              WHERE a.rolname = 'egrow_apply' AND pg_catalog.pg_has_role(r.oid, a.oid, 'MEMBER'))
         AS owner_is_trusted,
       c.relrowsecurity AS row_security
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_roles AS r ON r.oid = c.relowner
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND c.relpersistence <> 't'
   AND n.nspname <> 'pg_toast'
   AND (c.oid >= 16384 OR n.nspname NOT IN ('pg_catalog', 'information_schema'))
