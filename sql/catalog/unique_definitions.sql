-- How the unique indexes of the relations in $1 are made, expressions and predicates included; whether a constraint
-- stands on each decides how it is taken away.
SELECT i.indrelid::bigint AS relation_oid,
       c.relname::text AS name,
       EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype = 'u')
         AS is_constraint,
       -- Without the index's own name and its table: what has to be alike.
       pg_catalog.substr(pg_catalog.pg_get_indexdef(i.indexrelid),
                         pg_catalog.strpos(pg_catalog.pg_get_indexdef(i.indexrelid), ' USING ') + 1) AS definition
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY ($1::oid[])
   AND i.indisunique
   AND i.indisvalid
   AND NOT i.indisprimary
   AND NOT i.indisexclusion
 ORDER BY i.indrelid, c.relname
