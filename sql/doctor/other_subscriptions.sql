-- Enabled subscriptions that write relations of $1: two streams into one table.
SELECT s.subname::text AS name, ARRAY[n.nspname, c.relname]::text[] AS "table"
  FROM pg_catalog.pg_subscription_rel AS r
  JOIN pg_catalog.pg_subscription AS s ON s.oid = r.srsubid
  JOIN pg_catalog.pg_class AS c ON c.oid = r.srrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE r.srrelid = ANY ($1::oid[])
   AND s.subenabled
 ORDER BY 1, 2
