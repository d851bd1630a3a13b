-- The columns by which a table and its parts, of every level, are divided; an expression is none, and cannot be in a key.
SELECT DISTINCT a.attname::text AS name
  FROM pg_catalog.pg_partition_tree($1::pg_catalog.text::pg_catalog.regclass) AS p
  JOIN pg_catalog.pg_partitioned_table AS t ON t.partrelid = p.relid
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.partrelid AND a.attnum = ANY (t.partattrs::pg_catalog.int2[])
 ORDER BY name
