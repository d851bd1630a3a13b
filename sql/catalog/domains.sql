-- The domains that columns of the relations in $1 use, with what they allow.
SELECT pg_catalog.format_type(t.oid, NULL) AS name,
       pg_catalog.format_type(t.typbasetype, t.typtypmod) AS type,
       t.typnotnull AS not_null,
       ARRAY(SELECT pg_catalog.pg_get_constraintdef(k.oid) FROM pg_catalog.pg_constraint AS k
              WHERE k.contypid = t.oid AND k.contype = 'c' ORDER BY 1) AS checks,
       ARRAY(SELECT k.conname::text FROM pg_catalog.pg_constraint AS k
              WHERE k.contypid = t.oid AND k.contype = 'c'
              ORDER BY pg_catalog.pg_get_constraintdef(k.oid)) AS check_names,
       -- Where the value is called VALUE.
       ARRAY(SELECT pg_catalog.pg_get_expr(k.conbin, 0) FROM pg_catalog.pg_constraint AS k
              WHERE k.contypid = t.oid AND k.contype = 'c'
              ORDER BY pg_catalog.pg_get_constraintdef(k.oid)) AS expressions
  FROM pg_catalog.pg_type AS t
 WHERE t.typtype = 'd'
   AND t.oid IN (SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
                  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped)
 ORDER BY 1
