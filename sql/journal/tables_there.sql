-- Which of the journal's tables are there: an earlier version made fewer.
SELECT c.relname::text
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE n.nspname = 'egrow_replica' AND c.relkind = 'r' AND c.relname = ANY ($1::text[])
