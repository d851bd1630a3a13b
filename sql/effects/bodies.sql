-- The text of the functions in $1: the whole definition, which holds the arguments' defaults and a BEGIN ATOMIC body,
-- and the source as the language keeps it.
SELECT p.oid::bigint AS oid,
       pg_catalog.pg_get_functiondef(p.oid) AS definition,
       CASE WHEN p.prosqlbody IS NULL THEN p.prosrc ELSE '' END AS source
  FROM pg_catalog.pg_proc AS p
 WHERE p.oid = ANY ($1::oid[])
   AND p.prokind IN ('f', 'p')
