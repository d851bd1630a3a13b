-- The tables that the subscription was made with, and whether each streams.
SELECT ARRAY[n.nspname, c.relname]::text[] AS name, r.srsubstate::text AS state
  FROM pg_catalog.pg_subscription_rel AS r
  JOIN pg_catalog.pg_subscription AS s ON s.oid = r.srsubid
  JOIN pg_catalog.pg_class AS c ON c.oid = r.srrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE s.subname = $1
 ORDER BY n.nspname, c.relname
