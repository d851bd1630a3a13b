-- Sequences that a column's default takes values from, where the column or the sequence is of a relation in $1. An
-- identity column's sequence is its own and cannot be anybody else's.
SELECT ARRAY[n.nspname, s.relname]::text[] AS name,
       d.adrelid::bigint AS relation,
       a.attname::text AS "column",
       o.refobjid::bigint AS owner
  FROM pg_catalog.pg_depend AS u
  JOIN pg_catalog.pg_attrdef AS d ON d.oid = u.objid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  JOIN pg_catalog.pg_class AS s ON s.oid = u.refobjid AND s.relkind = 'S'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
  LEFT JOIN pg_catalog.pg_depend AS o
    ON o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = s.oid AND o.deptype IN ('a', 'i')
   AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjsubid > 0
 WHERE u.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
   AND u.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND (d.adrelid = ANY ($1::oid[]) OR o.refobjid = ANY ($1::oid[]))
