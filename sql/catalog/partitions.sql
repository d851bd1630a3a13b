-- Partitioned relations of $1: how they are divided, and the bounds of the parts that hold rows.
SELECT c.oid::bigint AS relation_oid,
       pg_catalog.pg_get_partkeydef(c.oid) AS key,
       ARRAY(SELECT pg_catalog.pg_get_expr(l.relpartbound, l.oid)
               FROM pg_catalog.pg_partition_tree(c.oid) AS p JOIN pg_catalog.pg_class AS l ON l.oid = p.relid
              WHERE l.relispartition ORDER BY 1) AS bounds
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = ANY ($1::oid[])
   AND c.relkind = 'p'
