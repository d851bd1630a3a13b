-- How the columns of the relations in $1 are defined, for a comparison of two servers: texts as the server writes them
-- under an empty search_path. A domain is followed to its base type.
WITH RECURSIVE base (oid, base_oid, typmod) AS (
    SELECT t.oid, t.oid, -1 FROM pg_catalog.pg_type AS t WHERE t.typtype <> 'd'
     UNION ALL
    SELECT t.oid, b.base_oid, CASE WHEN t.typtypmod >= 0 THEN t.typtypmod ELSE b.typmod END
      FROM pg_catalog.pg_type AS t JOIN base AS b ON b.oid = t.typbasetype WHERE t.typtype = 'd'
)
SELECT a.attrelid::bigint AS relation_oid,
       a.attname::text AS name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
       -- What a domain or an array of enums leads to.
       CASE WHEN bn.nspname = 'pg_catalog' THEN bt.typname::text ELSE '' END AS base_type,
       CASE WHEN a.atttypmod >= 0 THEN a.atttypmod ELSE b.typmod END AS modifier,
       CASE WHEN t.typtype = 'd' THEN pg_catalog.format_type(t.oid, NULL) ELSE '' END AS domain,
       CASE WHEN et.oid IS NULL THEN '' ELSE pg_catalog.format_type(et.oid, NULL) END AS enum,
       ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum AS e
              WHERE e.enumtypid = et.oid ORDER BY e.enumsortorder) AS enum_labels,
       a.attnotnull AS not_null,
       -- Since 18 NOT NULL may be NOT VALID too: then rows from before may have none.
       a.attnotnull AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS nn
                                     WHERE nn.conrelid = a.attrelid AND nn.contype = 'n' AND NOT nn.convalidated
                                       AND a.attnum = ANY (nn.conkey)) AS never_null,
       CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS "default",
       CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS generated,
       a.attidentity::text AS identity,
       CASE WHEN a.attcollation <> 0 AND a.attcollation <> t.typcollation
            THEN pg_catalog.quote_ident(cn.nspname) || '.' || pg_catalog.quote_ident(c.collname) ELSE '' END AS collation
  FROM pg_catalog.pg_attribute AS a
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  JOIN base AS b ON b.oid = a.atttypid
  JOIN pg_catalog.pg_type AS bt ON bt.oid = b.base_oid
  JOIN pg_catalog.pg_namespace AS bn ON bn.oid = bt.typnamespace
  LEFT JOIN pg_catalog.pg_type AS et ON et.oid IN (bt.oid, bt.typelem) AND et.typtype = 'e'
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN pg_catalog.pg_collation AS c ON c.oid = a.attcollation
  LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.collnamespace
 WHERE a.attrelid = ANY ($1::oid[])
   AND a.attnum > 0
   AND NOT a.attisdropped
 ORDER BY a.attrelid, a.attnum
