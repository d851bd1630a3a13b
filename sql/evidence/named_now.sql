-- Which relations the names in $1 lead to now: to_regclass does not look at the transaction's snapshot.
SELECT pg_catalog.to_regclass(n.name)::pg_catalog.oid::pg_catalog.int8
  FROM pg_catalog.unnest($1::text[]) WITH ORDINALITY AS n(name, place)
 ORDER BY n.place
