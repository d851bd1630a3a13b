-- The columns of $1 that take part in a key, a unique index or an exclusion constraint, those of their expressions and
-- conditions too: an index over these depends on each column that it names, any other one lists them.
SELECT i.indrelid::bigint AS relation_oid,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = i.indrelid
                AND (a.attnum = ANY (i.indkey::int2[])
                     OR a.attnum IN (SELECT d.refobjsubid
                                       FROM pg_catalog.pg_depend AS d
                                      WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                        AND d.objid = i.indexrelid
                                        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                        AND d.refobjid = i.indrelid))) AS columns
  FROM pg_catalog.pg_index AS i
 WHERE i.indrelid = ANY ($1::oid[])
   AND (i.indisunique OR i.indisexclusion)
