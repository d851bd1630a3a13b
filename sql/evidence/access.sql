-- Who may do what, as far as a release could have changed it: privileges on the tables in $1, the settings of every
-- role, and its attributes.
SELECT 'table ' || n.nspname || '.' || c.relname AS subject,
       'owner ' || pg_catalog.pg_get_userbyid(c.relowner) || ', '
         || COALESCE(c.relacl::text, 'owner only')
         || CASE WHEN c.relrowsecurity THEN ', row security' ELSE '' END AS state
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT 'role ' || r.rolname,
       pg_catalog.concat_ws(' ',
         CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolcreaterole THEN 'createrole' END,
         CASE WHEN r.rolcanlogin THEN 'login' END, CASE WHEN r.rolreplication THEN 'replication' END,
         CASE WHEN r.rolbypassrls THEN 'bypassrls' END, 'limit ' || r.rolconnlimit::text,
         'member of ' || COALESCE((SELECT pg_catalog.string_agg(g.rolname::text, ',' ORDER BY g.rolname)
                        FROM pg_catalog.pg_auth_members AS m JOIN pg_catalog.pg_roles AS g ON g.oid = m.roleid
                       WHERE m.member = r.oid), 'none'))
  FROM pg_catalog.pg_roles AS r
 WHERE r.rolname !~ '^pg_'
UNION ALL
SELECT 'setting of ' || COALESCE(r.rolname::text, 'all roles') || ' in ' || COALESCE(d.datname::text, 'all databases'),
       s.setconfig::text
  FROM pg_catalog.pg_db_role_setting AS s
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
 ORDER BY 1
