-- Partitioned relations of $1: how they are divided, the bounds of their parts, and what each part that holds rows
-- demands of a row: made of the bounds, since pg_get_partition_constraintdef runs functions of the key's operators.
-- Empty where it cannot be said so: a hash, a key of expressions, MINVALUE or MAXVALUE in a bound of several columns.
SELECT c.oid::bigint AS relation_oid,
       pg_catalog.pg_get_partkeydef(c.oid) AS key,
       ARRAY(SELECT pg_catalog.pg_get_expr(l.relpartbound, l.oid)
               FROM pg_catalog.pg_partition_tree(c.oid) AS p JOIN pg_catalog.pg_class AS l ON l.oid = p.relid
              WHERE l.relispartition ORDER BY 1) AS bounds,
       ARRAY(SELECT CASE WHEN pg_catalog.bool_and(d.demand <> '') THEN pg_catalog.string_agg(d.demand, ' AND ')
                         ELSE '' END
               FROM pg_catalog.pg_partition_tree(c.oid) AS leaf
              CROSS JOIN LATERAL pg_catalog.pg_partition_ancestors(leaf.relid) AS a(relid)
               JOIN pg_catalog.pg_class AS part ON part.oid = a.relid AND part.relispartition
               JOIN pg_catalog.pg_inherits AS i ON i.inhrelid = part.oid
               JOIN pg_catalog.pg_partitioned_table AS k ON k.partrelid = i.inhparent
              CROSS JOIN LATERAL (
                SELECT pg_catalog.string_agg(pg_catalog.quote_ident(t.attname), ', ' ORDER BY u.place) AS columns,
                       pg_catalog.bool_and(t.attname IS NOT NULL) AS plain,
                       pg_catalog.regexp_matches(
                         pg_catalog.pg_get_expr(part.relpartbound, part.oid),
                         '^(?:(DEFAULT)|FOR VALUES IN \((.*)\)|FOR VALUES FROM \((.*)\) TO \((.*)\)|.*)$') AS bound
                  FROM pg_catalog.unnest(k.partattrs::int2[]) WITH ORDINALITY AS u(attnum, place)
                  LEFT JOIN pg_catalog.pg_attribute AS t ON t.attrelid = k.partrelid AND t.attnum = u.attnum
                                                         AND u.attnum <> 0) AS b
              CROSS JOIN LATERAL (
                SELECT CASE WHEN b.bound[1] IS NOT NULL THEN 'true'
                            WHEN NOT b.plain THEN ''
                            WHEN b.bound[2] IS NOT NULL
                              THEN '(' || b.columns || ' IN (' || b.bound[2] || ')'
                                   || CASE WHEN b.bound[2] ~ '(^|, )NULL(,|$)' THEN ' OR ' || b.columns || ' IS NULL'
                                           ELSE '' END || ')'
                            WHEN b.bound[3] IS NULL THEN ''
                            WHEN k.partnatts > 1 AND b.bound[3] || b.bound[4] ~ '(MIN|MAX)VALUE' THEN ''
                            ELSE '(' || b.columns || ') IS NOT NULL'
                                 || CASE WHEN b.bound[3] ~ '^MINVALUE' THEN ''
                                         ELSE ' AND (' || b.columns || ') >= (' || b.bound[3] || ')' END
                                 || CASE WHEN b.bound[4] ~ '^MAXVALUE' THEN ''
                                         ELSE ' AND (' || b.columns || ') < (' || b.bound[4] || ')' END
                       END AS demand) AS d
              WHERE leaf.isleaf AND leaf.relid <> c.oid AND EXISTS (
                      SELECT FROM pg_catalog.pg_partition_ancestors(i.inhparent) AS above(relid)
                       WHERE above.relid = c.oid)
              GROUP BY leaf.relid
              ORDER BY 1) AS accepted
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = ANY ($1::oid[])
   AND c.relkind = 'p'
