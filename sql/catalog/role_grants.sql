-- What was granted to the roles named in $1 on this database and in it, of the kinds that setup grants.
SELECT r.rolname::text AS role, 'database' AS kind, ''::text AS schema_name, d.datname::text AS name, ''::text AS owner, ''::text AS arguments
  FROM pg_catalog.pg_shdepend AS s
  JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid
  JOIN pg_catalog.pg_database AS d ON d.oid = s.objid AND d.datname = pg_catalog.current_database()
 WHERE s.deptype = 'a' AND s.dbid = 0 AND s.classid = 'pg_catalog.pg_database'::regclass
   AND s.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname = ANY ($1::text[])
 UNION
SELECT r.rolname::text, CASE s.classid WHEN 'pg_catalog.pg_namespace'::regclass THEN 'schema'
                                 WHEN 'pg_catalog.pg_proc'::regclass THEN 'function'
                                 WHEN 'pg_catalog.pg_default_acl'::regclass
                                 THEN CASE a.defaclobjtype WHEN 'r' THEN 'default tables' ELSE 'default sequences' END
                                 ELSE CASE c.relkind WHEN 'S' THEN 'sequence' ELSE 'table' END END,
       COALESCE(n.nspname::text, ''), COALESCE(p.proname::text, c.relname::text, ''), COALESCE(o.rolname::text, ''),
       COALESCE(pg_catalog.oidvectortypes(p.proargtypes), '')
  FROM pg_catalog.pg_shdepend AS s
  JOIN pg_catalog.pg_roles AS r ON r.oid = s.refobjid
  JOIN pg_catalog.pg_database AS d ON d.oid = s.dbid AND d.datname = pg_catalog.current_database()
  LEFT JOIN pg_catalog.pg_class AS c ON s.classid = 'pg_catalog.pg_class'::regclass AND c.oid = s.objid
  LEFT JOIN pg_catalog.pg_proc AS p ON s.classid = 'pg_catalog.pg_proc'::regclass AND p.oid = s.objid
  LEFT JOIN pg_catalog.pg_default_acl AS a
    ON s.classid = 'pg_catalog.pg_default_acl'::regclass AND a.oid = s.objid AND a.defaclobjtype IN ('r', 'S')
  LEFT JOIN pg_catalog.pg_roles AS o ON o.oid = a.defaclrole
  LEFT JOIN pg_catalog.pg_namespace AS n
    ON n.oid = CASE s.classid WHEN 'pg_catalog.pg_namespace'::regclass THEN s.objid
                    ELSE COALESCE(c.relnamespace, p.pronamespace, a.defaclnamespace) END
 WHERE s.deptype = 'a' AND s.refclassid = 'pg_catalog.pg_authid'::regclass AND r.rolname = ANY ($1::text[])
   AND (c.oid IS NOT NULL OR p.oid IS NOT NULL OR a.oid IS NOT NULL OR s.classid = 'pg_catalog.pg_namespace'::regclass)
 ORDER BY 1, 2, 3, 4, 5
