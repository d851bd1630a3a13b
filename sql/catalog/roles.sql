-- The roles named in $1 that exist.
SELECT r.rolname::text AS name, r.rolsuper AS superuser, r.rolcanlogin AS may_login, r.rolreplication AS may_replicate,
       r.rolconnlimit AS connection_limit
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname = ANY ($1::text[])
