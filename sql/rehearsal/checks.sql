-- What the columns of $1 are held to, by themselves and by their domains: where a value has to be one of a few, they
-- stand there.
WITH RECURSIVE domain (relation_oid, name, oid) AS (
    SELECT a.attrelid, a.attname, a.atttypid
      FROM pg_catalog.pg_attribute AS a
     WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
     UNION ALL
    SELECT d.relation_oid, d.name, t.typbasetype
      FROM domain AS d JOIN pg_catalog.pg_type AS t ON t.oid = d.oid WHERE t.typtype = 'd'
)
SELECT d.relation_oid::bigint AS relation_oid,
       d.name::text AS name,
       pg_catalog.pg_get_constraintdef(c.oid) AS definition
  FROM domain AS d
  JOIN pg_catalog.pg_constraint AS c ON c.contypid = d.oid AND c.contype = 'c'
 UNION ALL
SELECT a.attrelid::bigint,
       a.attname::text,
       pg_catalog.pg_get_constraintdef(c.oid)
  FROM pg_catalog.pg_constraint AS c
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
 WHERE c.conrelid = ANY ($1::oid[]) AND c.contype = 'c'
 ORDER BY 1, 2, 3
