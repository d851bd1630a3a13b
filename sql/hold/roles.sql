-- The roles in $1 that exist, what they were told of default_transaction_read_only in this database and everywhere, and
-- whether our login, or the role $2 that it may take on, can change that and end their sessions. From 16 on ($3) ADMIN on
-- the role is needed beside CREATEROLE.
SELECT r.rolname::text AS name, r.oid::int8 AS oid, r.rolsuper AS superuser, r.rolcanlogin AS may_login,
       d.value AS in_database, g.value AS everywhere,
       me.rolsuper OR (me.rolcreaterole AND (NOT $3::bool OR pg_catalog.pg_has_role(r.oid, 'MEMBER WITH ADMIN OPTION'))
                       AND pg_catalog.pg_has_role('pg_signal_backend', 'USAGE')) AS ours_may,
       COALESCE((SELECT k.rolcreaterole AND pg_catalog.pg_has_role(k.oid, 'MEMBER')
                        AND (NOT $3::bool OR pg_catalog.pg_has_role(k.oid, r.oid, 'MEMBER WITH ADMIN OPTION'))
                        AND pg_catalog.pg_has_role(k.oid, 'pg_signal_backend', 'USAGE')
                   FROM pg_catalog.pg_roles AS k WHERE k.rolname = $2), false) AS keeper_may
  FROM pg_catalog.pg_roles AS r
  JOIN pg_catalog.pg_roles AS me ON me.rolname = current_user
  LEFT JOIN LATERAL (
         SELECT pg_catalog.split_part(c.item, '=', 2) AS value
           FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c (item)
          WHERE s.setrole = r.oid AND c.item LIKE 'default\_transaction\_read\_only=%'
            AND s.setdatabase = (SELECT b.oid FROM pg_catalog.pg_database AS b
                                  WHERE b.datname = pg_catalog.current_database())) AS d ON true
  LEFT JOIN LATERAL (
         SELECT pg_catalog.split_part(c.item, '=', 2) AS value
           FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c (item)
          WHERE s.setrole = r.oid AND s.setdatabase = 0 AND c.item LIKE 'default\_transaction\_read\_only=%') AS g ON true
 WHERE r.rolname = ANY ($1::text[])
 ORDER BY r.rolname
