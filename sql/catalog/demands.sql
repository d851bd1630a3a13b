-- Indexes of the relations in $1 that keep two rows apart and are no plain unique keys: over expressions, of some of
-- the rows, with NULLs that are alike, or for an exclusion constraint. Texts as the server writes them under an empty
-- search_path.
SELECT i.indrelid::bigint AS relation_oid,
       c.relname::text AS name,
       i.indisexclusion AS excludes,
       i.indnullsnotdistinct AS nulls_equal,
       NOT i.indisexclusion AND i.indpred IS NULL AND NOT (0 = ANY (i.indkey::int2[])) AS is_plain,
       ARRAY(SELECT pg_catalog.pg_get_indexdef(i.indexrelid, n, false)
               FROM pg_catalog.generate_series(1, i.indnkeyatts::int4) AS n
              ORDER BY n) AS parts,
       ARRAY(SELECT CASE WHEN t.typnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN t.typname::text ELSE '' END
               FROM pg_catalog.pg_attribute AS a
               JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
              WHERE a.attrelid = i.indexrelid AND a.attnum BETWEEN 1 AND i.indnkeyatts
              ORDER BY a.attnum) AS types,
       ARRAY(SELECT CASE WHEN o.oprnamespace = 'pg_catalog'::pg_catalog.regnamespace THEN o.oprname::text ELSE '' END
               FROM pg_catalog.pg_constraint AS k
              CROSS JOIN pg_catalog.unnest(k.conexclop) WITH ORDINALITY AS u (operator, position)
               JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator
              WHERE k.conindid = i.indexrelid AND k.contype = 'x'
              ORDER BY u.position) AS operators,
       pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS predicate,
       pg_catalog.substr(pg_catalog.pg_get_indexdef(i.indexrelid),
                         pg_catalog.strpos(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING ') + 1) AS definition
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY ($1::oid[])
   AND i.indisvalid
   AND (i.indisexclusion
        OR (i.indisunique AND (i.indpred IS NOT NULL OR 0 = ANY (i.indkey::int2[]) OR i.indnullsnotdistinct)))
 ORDER BY i.indrelid, c.relname
