-- The rewrite rules of the relations in $1; a view's own is no rule that anybody made.
SELECT ARRAY[n.nspname, c.relname]::text[] AS "table", r.rulename::text AS name
  FROM pg_catalog.pg_rewrite AS r
  JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE r.ev_class = ANY ($1::oid[])
   AND r.rulename <> '_RETURN'
 ORDER BY 1, 2
