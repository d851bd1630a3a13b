-- Partitioned relations of $1: how they are divided, the bounds of their parts, and what each part that holds rows
-- demands of a row (that is nothing where a default partition is the only one).
SELECT c.oid::bigint AS relation_oid,
       pg_catalog.pg_get_partkeydef(c.oid) AS key,
       ARRAY(SELECT pg_catalog.pg_get_expr(l.relpartbound, l.oid)
               FROM pg_catalog.pg_partition_tree(c.oid) AS p JOIN pg_catalog.pg_class AS l ON l.oid = p.relid
              WHERE l.relispartition ORDER BY 1) AS bounds,
       ARRAY(SELECT COALESCE(pg_catalog.pg_get_partition_constraintdef(p.relid), 'true')
               FROM pg_catalog.pg_partition_tree(c.oid) AS p WHERE p.isleaf AND p.relid <> c.oid ORDER BY 1) AS accepted
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = ANY ($1::oid[])
   AND c.relkind = 'p'
