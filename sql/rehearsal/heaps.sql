-- What the stream's rows go into: each table of $1 that is not divided, else each of its parts that holds rows, with
-- the columns by which it is chosen and the bounds that say which rows are its own.
SELECT ARRAY[n.nspname, l.relname]::text[] AS name,
       l.oid::bigint AS oid,
       c.oid::bigint AS table_oid,
       COALESCE(pg_catalog.pg_get_expr(l.relpartbound, l.oid), '') AS bounds,
       ARRAY(SELECT DISTINCT a.attname::text
               FROM pg_catalog.pg_partition_ancestors(l.oid) AS p (relid)
               JOIN pg_catalog.pg_partitioned_table AS d ON d.partrelid = p.relid
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.partrelid AND a.attnum = ANY (d.partattrs::int2[])
              WHERE l.oid <> c.oid) AS partition_columns
  FROM pg_catalog.pg_class AS c
 CROSS JOIN LATERAL (SELECT c.oid AS relid WHERE c.relkind <> 'p'
                     UNION ALL
                     SELECT p.relid FROM pg_catalog.pg_partition_tree(c.oid) AS p WHERE c.relkind = 'p' AND p.isleaf
                    ) AS p
  JOIN pg_catalog.pg_class AS l ON l.oid = p.relid AND l.relkind = 'r'
  JOIN pg_catalog.pg_namespace AS n ON n.oid = l.relnamespace
 WHERE c.oid = ANY ($1::oid[])
 ORDER BY c.oid, l.oid
