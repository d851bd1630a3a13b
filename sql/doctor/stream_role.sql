-- The role by which production's worker logs in on dev.
SELECT r.rolname::text AS name,
       r.rolcanlogin AS may_login,
       r.rolsuper OR r.rolreplication AS may_replicate,
       r.rolvaliduntil IS NOT NULL AND r.rolvaliduntil < pg_catalog.now() + INTERVAL '1 day' AS expires,
       pg_catalog.has_database_privilege(r.oid, pg_catalog.current_database(), 'CONNECT') AS may_connect
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname = $1
