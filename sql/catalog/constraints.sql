-- CHECK and exclusion constraints of the relations in $1. NOT NULL, which 18 also keeps here, is a column's own. One
-- that is NOT VALID was never put to the rows that were there before it; one that is NOT ENFORCED (18) demands nothing.
SELECT k.conrelid::bigint AS relation_oid,
       k.conname::text AS name,
       k.contype::text AS kind,
       pg_catalog.pg_get_constraintdef(k.oid) AS definition,
       pg_catalog.pg_get_expr(k.conbin, k.conrelid) AS expression,
       k.convalidated AS holds,
       COALESCE(pg_catalog.to_jsonb(k) ->> 'conenforced', 'true') = 'true' AS enforced
  FROM pg_catalog.pg_constraint AS k
 WHERE k.conrelid = ANY ($1::oid[])
   AND k.contype IN ('c', 'x')
 ORDER BY k.conrelid, k.conname
