-- What the roles in $1 (and 0, everybody) may do to relations beside reading them, column by column too, with the
-- role through which they may. $2 are content's relations, $3 schemas that are not looked at.
WITH grants (relation, grantee, privilege, column_name) AS (
  SELECT c.oid, a.grantee, a.privilege_type, ''
    FROM pg_catalog.pg_class AS c
   CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
   WHERE c.relacl IS NOT NULL AND c.relowner <> a.grantee
  UNION ALL
  SELECT t.attrelid, a.grantee, a.privilege_type, t.attname
    FROM pg_catalog.pg_attribute AS t
   CROSS JOIN LATERAL pg_catalog.aclexplode(t.attacl) AS a
   WHERE t.attacl IS NOT NULL AND NOT t.attisdropped
  UNION ALL
  SELECT c.oid, c.relowner, 'OWNER', ''
    FROM pg_catalog.pg_class AS c
)
SELECT COALESCE(r.rolname, 'PUBLIC')::text AS grantee,
       ARRAY[n.nspname, c.relname]::text[] AS name,
       c.oid = ANY ($2::oid[]) AS content,
       c.relkind = 'S' AS sequence,
       pg_catalog.array_agg(DISTINCT CASE WHEN g.column_name = '' THEN g.privilege
                                          ELSE pg_catalog.concat(g.privilege, ' (', g.column_name, ')') END)
         AS privileges
  FROM grants AS g
  JOIN pg_catalog.pg_class AS c ON c.oid = g.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = g.grantee
 WHERE c.oid >= 16384
   AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
   AND c.relpersistence <> 't'
   AND g.privilege <> 'SELECT'
   AND (g.grantee = 0 OR r.rolname = ANY ($1::text[]))
   AND n.nspname <> ALL ($3::text[])
 GROUP BY r.rolname, n.nspname, c.relname, c.oid, c.relkind
 ORDER BY n.nspname, c.relname
