-- Every foreign key of the database, once (a partition's copies are left out). Under replication they are not
-- checked and their actions do not run, so the controller has to look after what they promise.
SELECT k.conname::text AS name,
       ARRAY[n.nspname, c.relname]::text[] AS "table",
       ARRAY[rn.nspname, r.relname]::text[] AS "references",
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS u (attnum, position)
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.attnum
              ORDER BY u.position) AS columns,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS u (attnum, position)
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = u.attnum
              ORDER BY u.position) AS referenced_columns,
       c.relkind = 'p' AS partitioned,
       r.relkind = 'p' AS references_partitioned,
       k.confdeltype = 'c' AS owns
  FROM pg_catalog.pg_constraint AS k
  JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
  JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
 WHERE k.contype = 'f'
   AND k.conparentid = 0
 ORDER BY n.nspname, c.relname, k.conname
