-- Deleted rows of every table as the server counts them; NULL reset time means never.
SELECT ARRAY[s.schemaname, s.relname]::text[] AS name, s.n_tup_del AS deleted
  FROM pg_catalog.pg_stat_all_tables AS s
 WHERE s.relid = ANY ($1::oid[])
