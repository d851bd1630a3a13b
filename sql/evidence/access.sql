-- Who may do what, as far as a release could have changed it: privileges on the tables in $1, the settings of every
-- role, and its attributes. $2 (JSON) has the roles whose writes are held in this database, each with what it was told
-- before of default_transaction_read_only: that stands here, unless somebody has changed what the hold has set.
SELECT 'table ' || n.nspname || '.' || c.relname AS subject,
       'owner ' || pg_catalog.pg_get_userbyid(c.relowner) || ', '
         || COALESCE(c.relacl::text, 'owner only')
         || CASE WHEN c.relrowsecurity THEN ', row security' ELSE '' END AS state
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid = ANY ($1::oid[])
UNION ALL
SELECT 'schema ' || n.nspname,
       'owner ' || pg_catalog.pg_get_userbyid(n.nspowner) || ', ' || COALESCE(n.nspacl::text, 'owner only')
  FROM pg_catalog.pg_namespace AS n
 WHERE n.oid IN (SELECT c.relnamespace FROM pg_catalog.pg_class AS c WHERE c.oid = ANY ($1::oid[]))
UNION ALL
SELECT 'database ' || d.datname,
       'owner ' || pg_catalog.pg_get_userbyid(d.datdba) || ', '
         || COALESCE(d.datacl, pg_catalog.acldefault('d', d.datdba))::text
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
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
       x.config::text
  FROM pg_catalog.pg_db_role_setting AS s
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.setdatabase
 CROSS JOIN LATERAL (
         SELECT pg_catalog.array_agg(CASE WHEN o.ours THEN 'default_transaction_read_only=' || ($2::jsonb ->> r.rolname::text)
                                          ELSE c.item END ORDER BY c.place) AS config
           FROM pg_catalog.unnest(s.setconfig) WITH ORDINALITY AS c (item, place)
          CROSS JOIN LATERAL (
                 SELECT c.item = 'default_transaction_read_only=on' AND d.datname = pg_catalog.current_database()
                        AND COALESCE($2::jsonb ? r.rolname::text, false) AS ours) AS o
          WHERE NOT o.ours OR $2::jsonb ->> r.rolname::text IS NOT NULL) AS x
 WHERE x.config IS NOT NULL
 ORDER BY 1
