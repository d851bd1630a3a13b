-- Dev may number its rows otherwise than production does.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind = 'S' AND n.nspname = $1 AND c.relname = $2)
