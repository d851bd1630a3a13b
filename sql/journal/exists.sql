-- Whether there is a journal: an earlier window made one, or none was ever opened here.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = 'egrow_replica' AND c.relname = 'made_row' AND c.relkind = 'r')
