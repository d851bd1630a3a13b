-- How many connections roles of $1 and this database may have, where that is limited, and how many there are.
SELECT r.rolname::text AS name, true AS is_role, r.rolconnlimit AS places,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
         WHERE a.usesysid = r.oid AND a.pid <> pg_catalog.pg_backend_pid())::int AS used
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname = ANY ($1::text[]) AND r.rolconnlimit >= 0 AND NOT r.rolsuper
 UNION ALL
SELECT d.datname::text, false, d.datconnlimit,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
         WHERE a.datid = d.oid AND a.pid <> pg_catalog.pg_backend_pid())::int
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database() AND d.datconnlimit >= 0
 ORDER BY 2, 1
