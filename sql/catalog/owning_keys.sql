-- Which tables' rows belong to another table's rows: foreign keys that cannot be NULL, or whose rows vanish together
-- with what they point at. A key that may be NULL and outlives its target (the author of an article) only mentions it.
SELECT ARRAY[n.nspname, c.relname]::text[] AS "table",
       ARRAY[rn.nspname, r.relname]::text[] AS "references",
       k.confdeltype = 'c'
         OR NOT EXISTS (SELECT FROM pg_catalog.pg_attribute AS a
                         WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND NOT a.attnotnull) AS owns,
       k.confdeltype = 'c' AS vanishes,
       ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) ORDER BY a.attnum) AS columns
  FROM pg_catalog.pg_constraint AS k
  JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
  JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
 WHERE k.contype = 'f'
   AND k.conparentid = 0
   AND k.conrelid <> k.confrelid
 ORDER BY n.nspname, c.relname, k.conname
