-- What a member of the roles named in $1 could do beside what they own: the attributes and predefined roles that can be
-- reached from each. $2 is who would become a member, and whether it is one already.
WITH RECURSIVE reached (owner, oid) AS (
    SELECT r.oid, r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = ANY ($1::text[])
     UNION
    SELECT reached.owner, m.roleid FROM reached JOIN pg_catalog.pg_auth_members AS m ON m.member = reached.oid)
SELECT o.rolname::text AS owner, r.rolname::text AS role, r.rolsuper AS superuser, r.rolcreaterole AS may_create_roles,
       r.rolbypassrls AS bypasses_row_security, r.rolreplication AS may_replicate,
       COALESCE((SELECT pg_catalog.pg_has_role(m.oid, o.oid, 'MEMBER') FROM pg_catalog.pg_roles AS m
                  WHERE m.rolname = $2::text), false) AS is_member
  FROM reached
  JOIN pg_catalog.pg_roles AS o ON o.oid = reached.owner
  JOIN pg_catalog.pg_roles AS r ON r.oid = reached.oid
 ORDER BY 1, 2
