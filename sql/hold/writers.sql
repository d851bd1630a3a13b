-- Who else may write the tables in $1: every role that logs in, or is logged in, beside those in $2, by itself or through
-- a role that it is a member of; $3 is how pg_has_role is asked for that (from 16 on one can be a member of a role, to
-- administer it, without being able to do what it may).
WITH holder AS (
         SELECT c.relowner AS role FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[])
         UNION
         SELECT x.grantee FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS x
          WHERE c.oid = ANY ($1::oid[]) AND x.privilege_type IN ('INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
         UNION
         SELECT x.grantee FROM pg_catalog.pg_attribute AS a, pg_catalog.aclexplode(a.attacl) AS x
          WHERE a.attrelid = ANY ($1::oid[]) AND x.privilege_type IN ('INSERT', 'UPDATE')
         UNION
         SELECT r.oid FROM pg_catalog.pg_roles AS r WHERE r.rolname = 'pg_write_all_data')
SELECT r.rolname::text AS role,
       CASE WHEN r.rolsuper THEN 'superuser'
            WHEN m.held IS NOT NULL THEN 'member of ' || m.held
            WHEN EXISTS (SELECT FROM holder AS h WHERE h.role = 0) THEN 'PUBLIC may write'
            ELSE 'owns or may write protected tables' END AS why,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
         WHERE a.usesysid = r.oid AND a.datname = pg_catalog.current_database()
           AND COALESCE(a.backend_type, '') <> 'walsender'
           AND NOT (a.usename = current_user AND a.application_name LIKE 'egrow-replica/%')) AS sessions
  FROM pg_catalog.pg_roles AS r
  LEFT JOIN LATERAL (
         SELECT pg_catalog.string_agg(h.rolname::text, ', ' ORDER BY h.rolname) AS held
           FROM pg_catalog.pg_roles AS h
          WHERE h.rolname = ANY ($2::text[]) AND pg_catalog.pg_has_role(r.oid, h.oid, $3)) AS m ON true
 WHERE r.rolname <> ALL ($2::text[]) AND r.rolname !~ '^pg_'
   AND (r.rolcanlogin OR EXISTS (SELECT FROM pg_catalog.pg_stat_activity AS a WHERE a.usesysid = r.oid))
   AND (r.rolsuper OR EXISTS (SELECT FROM holder AS h WHERE h.role = 0 OR pg_catalog.pg_has_role(r.oid, h.role, $3)))
 ORDER BY r.rolname
