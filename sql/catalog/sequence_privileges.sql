-- The sequences of $2 that role $1 may not set.
SELECT s.name
  FROM pg_catalog.unnest($2::text[]) AS s (name)
 WHERE NOT pg_catalog.has_sequence_privilege($1::name, s.name, 'UPDATE')
