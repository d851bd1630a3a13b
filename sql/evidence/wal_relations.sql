-- Every relation with storage of its own, and the storage as WAL names it. TOAST tables and indexes belong to a table,
-- the index of a TOAST table to that one's table. Mapped catalogs have no relfilenode: the function knows theirs.
-- Access method 2 is heap (pg_am.dat): what another does to a row is its own affair.
SELECT c.oid::int8 AS oid,
       ARRAY[n.nspname, c.relname]::text[] AS name,
       c.relkind::text AS kind,
       pg_catalog.concat_ws('/',
         COALESCE(NULLIF(c.reltablespace, 0), d.dattablespace),
         CASE WHEN c.relisshared THEN 0 ELSE d.oid END,
         pg_catalog.pg_relation_filenode(c.oid)) AS storage,
       c.relkind = 'r' AND c.relpersistence = 'p' AND c.relam = 2 AS logged_heap,
       t.oid::int8 AS table_oid,
       ARRAY[tn.nspname, t.relname]::text[] AS table,
       CASE WHEN t.relispartition THEN pg_catalog.pg_partition_root(t.oid)::oid::int8 END AS root_oid
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_database AS d ON d.datname = pg_catalog.current_database()
  LEFT JOIN pg_catalog.pg_index AS i ON i.indexrelid = c.oid
  LEFT JOIN pg_catalog.pg_class AS toasted ON toasted.reltoastrelid = COALESCE(i.indrelid, c.oid)
  JOIN pg_catalog.pg_class AS t ON t.oid = COALESCE(toasted.oid, i.indrelid, c.oid)
  JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
 WHERE pg_catalog.pg_relation_filenode(c.oid) IS NOT NULL
   AND c.relpersistence <> 't'
 ORDER BY c.oid
