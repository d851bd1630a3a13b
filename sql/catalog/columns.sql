-- The live columns of the relations in $1, in order. A domain is followed to its base type, because that decides how a
-- value is hashed; base_type is '' where the base type is not one of PostgreSQL's own.
WITH RECURSIVE base (oid, base_oid) AS (
    SELECT t.oid, t.oid FROM pg_catalog.pg_type AS t WHERE t.typtype <> 'd'
     UNION ALL
    SELECT t.oid, b.base_oid FROM pg_catalog.pg_type AS t JOIN base AS b ON b.oid = t.typbasetype WHERE t.typtype = 'd'
)
SELECT a.attrelid::bigint AS relation_oid,
       a.attname::text AS name,
       a.attnum::bigint AS number,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       CASE WHEN bn.nspname = 'pg_catalog' THEN bt.typname::text ELSE '' END AS base_type,
       a.attnotnull AS not_null,
       a.atthasdef AND a.attgenerated = '' AS has_default,
       a.attgenerated <> '' AS generated,
       a.attidentity::text AS identity,
       -- An enum's labels, so that one that only dev has is found before a row brings it; also of an enum's array.
       ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e
              WHERE e.enumtypid IN (bt.oid, bt.typelem) ORDER BY e.enumsortorder) AS enum_labels
  FROM pg_catalog.pg_attribute AS a
  JOIN base AS b ON b.oid = a.atttypid
  JOIN pg_catalog.pg_type AS bt ON bt.oid = b.base_oid
  JOIN pg_catalog.pg_namespace AS bn ON bn.oid = bt.typnamespace
 WHERE a.attrelid = ANY ($1::oid[])
   AND a.attnum > 0
   AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
