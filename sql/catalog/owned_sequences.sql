-- The sequences that belong to a column of the relations in $1, by ownership and not by name.
SELECT ARRAY[n.nspname, s.relname]::text[] AS name,
       d.refobjid::bigint AS relation_oid,
       a.attname::text AS column,
       q.seqincrement AS increment
  FROM pg_catalog.pg_depend AS d
  JOIN pg_catalog.pg_class AS s ON s.oid = d.objid AND s.relkind = 'S'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = s.relnamespace
  JOIN pg_catalog.pg_sequence AS q ON q.seqrelid = s.oid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
 WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.deptype IN ('a', 'i')
   AND d.refobjid = ANY ($1::oid[])
 ORDER BY n.nspname, s.relname
