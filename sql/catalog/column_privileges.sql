-- Whether role $1 may INSERT and UPDATE each of the columns $3 of the tables $2, pairwise.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name,
       w.column_name AS column,
       pg_catalog.has_column_privilege($1::name, c.oid, w.column_name, 'INSERT')
         AND pg_catalog.has_column_privilege($1::name, c.oid, w.column_name, 'UPDATE') AS may_write
  FROM ROWS FROM (pg_catalog.unnest($2::oid[]), pg_catalog.unnest($3::text[])) AS w(table_oid, column_name)
  JOIN pg_catalog.pg_class AS c ON c.oid = w.table_oid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 ORDER BY n.nspname, c.relname, w.column_name
