-- Relations and sequences outside $2 and $3 that role $1 could write, whatever the way: granted, through PUBLIC, by
-- membership, by ownership or column by column.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'f', 'm')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND c.oid <> ALL ($2::oid[])
   AND (pg_catalog.has_table_privilege($1::name, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
        OR pg_catalog.has_any_column_privilege($1::name, c.oid, 'INSERT, UPDATE'))
   AND NOT (n.nspname = ANY ($3::text[]))
 ORDER BY n.nspname, c.relname
