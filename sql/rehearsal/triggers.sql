-- The triggers of $1 that fire under replication, those that the server made for a constraint included.
SELECT t.tgrelid::bigint AS relation_oid,
       t.tgname::text AS name,
       t.tgfoid::pg_catalog.regprocedure::text AS function,
       (t.tgtype & 1) <> 0 AS for_each_row,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[])) AS columns
  FROM pg_catalog.pg_trigger AS t
 WHERE t.tgrelid = ANY ($1::oid[])
   AND t.tgenabled IN ('A', 'R')
 ORDER BY t.tgrelid, t.tgname
