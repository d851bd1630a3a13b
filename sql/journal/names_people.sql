-- Whether entries say who made them: an earlier version's do not.
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_attribute AS a
      JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
      JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE n.nspname = 'egrow_replica' AND c.relname = 'step' AND a.attname = 'program_version' AND NOT a.attisdropped)
