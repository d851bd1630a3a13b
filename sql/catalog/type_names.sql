-- Types of one's own in this database, as SQL writes them: a column can only be added where its type is known.
SELECT pg_catalog.format_type(t.oid, NULL)
  FROM pg_catalog.pg_type AS t
  JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
 WHERE t.typtype IN ('e', 'd', 'c', 'r', 'b')
   AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
