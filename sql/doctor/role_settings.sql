-- Settings $2 that were given to the roles in $1, to this database or to everybody, one line each. They hold at the
-- next login, whatever the server's configuration says.
SELECT COALESCE(r.rolname, '')::text AS role,
       COALESCE(d.datname, '')::text AS database,
       pg_catalog.split_part(c.entry, '=', 1) AS name,
       pg_catalog.substr(c.entry, pg_catalog.strpos(c.entry, '=') + 1) AS value
  FROM pg_catalog.pg_db_role_setting AS s
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (entry)
 WHERE (s.setrole = 0 OR r.rolname = ANY ($1::text[]))
   AND (s.setdatabase = 0 OR d.datname = pg_catalog.current_database())
   AND pg_catalog.split_part(c.entry, '=', 1) = ANY ($2::text[])
 ORDER BY 1, 2, 3
