-- The triggers that fire in the apply worker and under the replica role on the relations in $1 or their partitions:
-- ENABLE REPLICA and ENABLE ALWAYS. What they do is beyond what the controller vetted.
SELECT ARRAY[n.nspname, c.relname]::text[] AS "table",
       t.tgname::text AS name,
       t.tgenabled::text AS enabled,
       (pn.nspname || '.' || p.proname)::text AS function
  FROM pg_catalog.pg_trigger AS t
  JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
  JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.pronamespace
 WHERE t.tgenabled IN ('A', 'R')
   AND (t.tgrelid = ANY ($1::oid[])
        OR t.tgrelid IN (SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = ANY ($1::oid[])))
 ORDER BY n.nspname, c.relname, t.tgname
