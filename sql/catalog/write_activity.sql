-- How often rows of each table were inserted, updated and deleted since the counters of this database began. They tell
-- which side writes a table, never when; a crash of the server sets them to 0, and a load of the data counts as inserts.
SELECT ARRAY[s.schemaname, s.relname]::text[] AS name,
       s.n_tup_ins AS inserts,
       s.n_tup_upd AS updates,
       s.n_tup_del AS deletes
  FROM pg_catalog.pg_stat_user_tables AS s
 ORDER BY s.schemaname, s.relname
