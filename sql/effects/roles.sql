-- The roles named in $1: their attributes, and every role whose rights they have or can take: by inheritance, by SET
-- ROLE, or by giving it to themselves. The options of a membership exist since 16, so they are read as JSON; before,
-- every membership counts. A database's owner is a member of pg_database_owner without being listed.
WITH RECURSIVE held (name, oid) AS (
  SELECT r.rolname, r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = ANY ($1::text[])
  UNION
  SELECT h.name, o.oid
    FROM held AS h
   CROSS JOIN LATERAL (
     SELECT m.roleid
       FROM pg_catalog.pg_auth_members AS m
      CROSS JOIN LATERAL pg_catalog.to_jsonb(m) AS j (options)
      WHERE m.member = h.oid
        AND (m.admin_option
             OR COALESCE((j.options ->> 'inherit_option')::bool, true)
             OR COALESCE((j.options ->> 'set_option')::bool, true))
     UNION ALL
     SELECT w.oid
       FROM pg_catalog.pg_database AS d, pg_catalog.pg_roles AS w
      WHERE d.datname = pg_catalog.current_database() AND d.datdba = h.oid AND w.rolname = 'pg_database_owner'
   ) AS o (oid)
)
SELECT r.rolname::text AS name,
       r.rolsuper AS superuser,
       r.rolbypassrls AS bypasses_row_security,
       r.rolcreaterole AS creates_roles,
       r.rolcreatedb AS creates_databases,
       r.rolreplication AS replicates,
       ARRAY(SELECT o.rolname::text FROM held AS h JOIN pg_catalog.pg_roles AS o ON o.oid = h.oid
              WHERE h.name = r.rolname AND o.oid <> r.oid ORDER BY o.rolname) AS holds
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname = ANY ($1::text[])
