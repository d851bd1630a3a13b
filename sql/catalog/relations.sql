-- Every relation that holds or shows rows, outside the system's schemas and temporary ones. Sizes and row counts are
-- the planner's estimates: they are for progress and for people, never for a verdict. Asking for a size locks the table
-- as reading it does, so that is only done if $1 says so, and not for those in $2, which nobody can read now.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name,
       c.oid::bigint AS oid,
       pg_catalog.pg_relation_filenode(c.oid)::bigint AS filenode,
       c.relkind::text AS kind,
       c.relpersistence::text AS persistence,
       pg_catalog.pg_get_userbyid(c.relowner)::text AS owner,
       c.relrowsecurity AS row_security,
       c.relreplident::text AS replica_identity,
       c.relispartition AS is_partition,
       (SELECT ARRAY[rn.nspname, r.relname]::text[]
          FROM pg_catalog.pg_class AS r JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
         WHERE c.relispartition AND r.oid = pg_catalog.pg_partition_root(c.oid)) AS partition_root,
       EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = c.oid) AS has_children,
       EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid) AS has_parents,
       c.relhasrules AS has_rules,
       GREATEST(c.reltuples, 0)::bigint AS estimated_rows,
       CASE WHEN $1 AND c.oid <> ALL ($2::oid[]) THEN pg_catalog.pg_table_size(c.oid)
            ELSE GREATEST(c.relpages, 0)::bigint * pg_catalog.current_setting('block_size')::pg_catalog.int8
       END AS bytes,
       CASE WHEN c.relkind IN ('r', 'm') AND c.relam = 2  -- heap (pg_am.dat)
             AND $1 AND c.oid <> ALL ($2::oid[])
            THEN pg_catalog.pg_relation_size(c.oid)
                 / pg_catalog.current_setting('block_size')::pg_catalog.int8 END AS heap_pages
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
   AND n.nspname <> 'information_schema'
   AND n.nspname !~ '^pg_'
 ORDER BY n.nspname, c.relname
