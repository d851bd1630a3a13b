-- What the server computes when a row of the relations in $1 is written: which functions, by oid, straight from the
-- stored trees, so that no name has to be resolved. A function counts as built in by oid and schema; of those only
-- the ones that are not immutable are named, the others cannot write.
WITH RECURSIVE reach (relation, column_name, type) AS (
  SELECT a.attrelid, a.attname, a.atttypid
    FROM pg_catalog.pg_attribute AS a
   WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  UNION
  SELECT r.relation, r.column_name, inner_type.type
    FROM reach AS r
    JOIN pg_catalog.pg_type AS t ON t.oid = r.type
   CROSS JOIN LATERAL (
     SELECT t.typbasetype WHERE t.typtype = 'd'
     UNION ALL SELECT t.typelem WHERE t.typelem <> 0
     UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
                WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL SELECT g.rngsubtype FROM pg_catalog.pg_range AS g WHERE t.oid IN (g.rngtypid, g.rngmultitypid)
     UNION ALL SELECT g.rngtypid FROM pg_catalog.pg_range AS g WHERE t.oid = g.rngmultitypid
     UNION ALL SELECT m[1]::oid
                 FROM pg_catalog.pg_constraint AS k,
                      pg_catalog.regexp_matches(k.conbin::text, ':(?:result|const|func_?result)type (\d+)', 'g') AS m
                WHERE k.contypid = t.oid
   ) AS inner_type (type)
   WHERE t.oid >= 16384
),
trees (relation, kind, name, column_name, tree) AS (
  SELECT d.adrelid, CASE WHEN a.attgenerated <> '' THEN 'generated' ELSE 'default' END, a.attname, a.attname,
         d.adbin::text
    FROM pg_catalog.pg_attrdef AS d
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
   WHERE d.adrelid = ANY ($1::oid[])
  UNION ALL
  SELECT k.conrelid, 'check', k.conname, '', k.conbin::text
    FROM pg_catalog.pg_constraint AS k
   WHERE k.conrelid = ANY ($1::oid[]) AND k.contype = 'c'
  UNION ALL
  SELECT i.indrelid, CASE WHEN i.indisexclusion THEN 'exclusion' ELSE 'index' END, c.relname, '',
         pg_catalog.concat(i.indexprs::text, i.indpred::text)
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
   WHERE i.indrelid = ANY ($1::oid[])
  UNION ALL
  SELECT s.stxrelid, 'statistics', s.stxname, '', s.stxexprs::text
    FROM pg_catalog.pg_statistic_ext AS s
   WHERE s.stxrelid = ANY ($1::oid[]) AND s.stxexprs IS NOT NULL
  UNION ALL
  SELECT p.partrelid, 'partition', 'key', '', p.partexprs::text
    FROM pg_catalog.pg_partitioned_table AS p
   WHERE p.partrelid = ANY ($1::oid[])
  UNION ALL
  SELECT t.tgrelid, 'when', t.tgname, '', t.tgqual::text
    FROM pg_catalog.pg_trigger AS t
   WHERE t.tgrelid = ANY ($1::oid[]) AND t.tgqual IS NOT NULL
  UNION ALL
  SELECT r.relation, 'domain', t.typname, r.column_name, k.conbin::text
    FROM reach AS r
    JOIN pg_catalog.pg_type AS t ON t.oid = r.type
    JOIN pg_catalog.pg_constraint AS k ON k.contypid = t.oid
   WHERE k.contype = 'c'
),
cast_types (relation, kind, name, column_name, type) AS (
  SELECT t.relation, t.kind, t.name, t.column_name, m[1]::oid
    FROM trees AS t, pg_catalog.regexp_matches(t.tree, ':(?:result|const|func_?result)type (\d+)', 'g') AS m
   WHERE m[1]::oid >= 16384
  UNION
  SELECT c.relation, c.kind, c.name, c.column_name, inner_type.type
    FROM cast_types AS c
    JOIN pg_catalog.pg_type AS t ON t.oid = c.type
   CROSS JOIN LATERAL (
     SELECT t.typbasetype WHERE t.typtype = 'd'
     UNION ALL SELECT t.typelem WHERE t.typelem <> 0
     UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute AS a
                WHERE t.typtype = 'c' AND a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
   ) AS inner_type (type)
   WHERE t.oid >= 16384
),
typed (relation, kind, name, column_name, type) AS (
  SELECT relation, 'type', '', column_name, type FROM reach WHERE type >= 16384
  UNION ALL
  SELECT relation, kind, name, column_name, type FROM cast_types WHERE type >= 16384
),
calls (relation, kind, name, column_name, function) AS (
  SELECT t.relation, t.kind, t.name, t.column_name, m[1]::oid
    FROM trees AS t,
         pg_catalog.regexp_matches(t.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') AS m
  UNION ALL
  SELECT t.relation, t.kind, t.name, t.column_name, o.oprcode::oid
    FROM trees AS t,
         pg_catalog.regexp_matches(t.tree, ':(?:opno|opnos \(o) ((?:\d+ ?)+)', 'g') AS m
   CROSS JOIN pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.btrim(m[1]), ' ')) AS u (operator)
    JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator::oid
  UNION ALL
  SELECT t.relation, t.kind, pg_catalog.concat(t.name, ' type ', p.typname), t.column_name, f.oid
    FROM typed AS t
    JOIN pg_catalog.pg_type AS p ON p.oid = t.type
   CROSS JOIN LATERAL (
     SELECT pg_catalog.unnest(ARRAY[p.typinput::oid, p.typoutput::oid, p.typreceive::oid, p.typsend::oid, p.typmodin::oid])
     UNION ALL SELECT pg_catalog.unnest(ARRAY[g.rngcanonical::oid, g.rngsubdiff::oid])
                 FROM pg_catalog.pg_range AS g WHERE g.rngtypid = p.oid
     UNION ALL SELECT m[1]::oid
                 FROM pg_catalog.pg_constraint AS k,
                      pg_catalog.regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) (\d+)', 'g') AS m
                WHERE k.contypid = p.oid
   ) AS f (oid)
  UNION ALL
  SELECT i.indrelid, CASE WHEN i.indisexclusion THEN 'exclusion' ELSE 'index' END, c.relname, '', f.oid
    FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
   CROSS JOIN pg_catalog.unnest(i.indclass::oid[]) AS u (class)
    JOIN pg_catalog.pg_opclass AS k ON k.oid = u.class
   CROSS JOIN LATERAL (
     SELECT a.amproc::oid FROM pg_catalog.pg_amproc AS a WHERE a.amprocfamily = k.opcfamily
     UNION ALL SELECT o.oprcode::oid
                 FROM pg_catalog.pg_amop AS a JOIN pg_catalog.pg_operator AS o ON o.oid = a.amopopr
                WHERE a.amopfamily = k.opcfamily
   ) AS f (oid)
   WHERE i.indrelid = ANY ($1::oid[]) AND f.oid >= 16384
  UNION ALL
  SELECT k.conrelid, 'exclusion', k.conname, '', o.oprcode::oid
    FROM pg_catalog.pg_constraint AS k
   CROSS JOIN pg_catalog.unnest(k.conexclop) AS u (operator)
    JOIN pg_catalog.pg_operator AS o ON o.oid = u.operator
   WHERE k.conrelid = ANY ($1::oid[])
)
SELECT c.relation::bigint AS relation,
       c.kind::text AS kind,
       c.name::text AS name,
       c.column_name::text AS "column",
       COALESCE(pg_catalog.array_agg(DISTINCT p.oid::bigint)
         FILTER (WHERE NOT (p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace)), '{{}}')
         AS functions,
       COALESCE(pg_catalog.array_agg(DISTINCT p.proname::text)
         FILTER (WHERE p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
                   AND p.provolatile <> 'i' AND c.name !~ ' type '), '{{}}') AS builtins
  FROM calls AS c
  JOIN pg_catalog.pg_proc AS p ON p.oid = c.function
 WHERE NOT (p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.provolatile = 'i')
 GROUP BY c.relation, c.kind, c.name, c.column_name
