-- The tables and columns that the streak report reads, and whether the present role may read them, all rows of them.
-- Asked first, so that a database of something else is told apart from an empty academy.
SELECT ARRAY['public', w.table_name]::text[] AS name,
       w.column_name AS column,
       c.oid IS NOT NULL AS table_exists,
       a.attnum IS NOT NULL AS column_exists,
       COALESCE(pg_catalog.has_schema_privilege(c.relnamespace, 'USAGE')
                AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT'), false) AS readable,
       COALESCE(pg_catalog.row_security_active(c.oid), false) AS filtered
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) AS w (table_name, column_name)
  LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'public'
  LEFT JOIN pg_catalog.pg_class AS c
    ON c.relnamespace = n.oid AND c.relname = w.table_name AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
  LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid AND a.attname = w.column_name AND a.attnum > 0 AND NOT a.attisdropped
