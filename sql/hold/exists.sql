-- Whether the journal knows holds: one that an earlier version made does not.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = 'egrow_replica' AND c.relname = 'hold' AND c.relkind = 'r')
