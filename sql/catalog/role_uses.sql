-- What depends on the roles named in $1, in every database of the cluster; of a shared object the database that it is
-- about. The journal's own tables, $2, are told from what else a role owns there. Another database's objects have no
-- name here.
SELECT r.rolname::text AS role,
       COALESCE(d.datname, about.datname, subscriber.datname)::text AS database,
       s.deptype = 'o' AS owned,
       kind.relname::text AS catalog,
       CASE WHEN s.dbid = 0 OR d.datname = pg_catalog.current_database()
            THEN pg_catalog.pg_describe_object(s.classid, s.objid, s.objsubid) END AS described,
       COALESCE(d.datname = pg_catalog.current_database() AND (schema.oid IS NOT NULL OR journal.oid IS NOT NULL), false)
         AS of_journal
  FROM pg_catalog.pg_shdepend AS s
  JOIN pg_catalog.pg_class AS kind ON kind.oid = s.classid
  JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid
  LEFT JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid
  LEFT JOIN pg_catalog.pg_database AS about ON kind.relname = 'pg_database' AND about.oid = s.objid
  LEFT JOIN pg_catalog.pg_subscription AS b ON kind.relname = 'pg_subscription' AND b.oid = s.objid
  LEFT JOIN pg_catalog.pg_database AS subscriber ON subscriber.oid = b.subdbid
  LEFT JOIN pg_catalog.pg_namespace AS schema
    ON kind.relname = 'pg_namespace' AND schema.oid = s.objid AND schema.nspname = 'egrow_replica'
  LEFT JOIN (SELECT c.oid
               FROM pg_catalog.pg_class AS c
               JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
              WHERE n.nspname = 'egrow_replica'
                AND (c.relname = ANY ($2::text[])
                     OR EXISTS (SELECT FROM pg_catalog.pg_depend AS p
                                  JOIN pg_catalog.pg_class AS t ON t.oid = p.refobjid
                                 WHERE p.objid = c.oid AND p.deptype IN ('a', 'i') AND t.relnamespace = n.oid
                                   AND t.relname = ANY ($2::text[])))) AS journal
    ON kind.relname = 'pg_class' AND journal.oid = s.objid
 WHERE s.refclassid = (SELECT c.oid FROM pg_catalog.pg_class AS c
                        WHERE c.relname = 'pg_authid' AND c.relnamespace = kind.relnamespace)
   AND r.rolname = ANY ($1::text[])
 ORDER BY 1, 2, 3 DESC, 4, 5
