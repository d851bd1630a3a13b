-- The valid unique indexes of the relations in $1. Those with an expression or a predicate are named too: they cannot
-- be compared column by column, but a collision on them is possible.
SELECT i.indrelid::bigint AS relation_oid,
       c.relname::text AS name,
       i.indisprimary AS is_primary,
       i.indisreplident AS is_replica_identity,
       i.indimmediate AS immediate,
       i.indpred IS NULL AND NOT (0 = ANY (i.indkey::int2[])) AS is_plain,
       i.indnullsnotdistinct AS nulls_equal,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
               JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.position <= i.indnkeyatts
              ORDER BY k.position) AS columns
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY ($1::oid[])
   AND i.indisunique
   AND i.indisvalid
 ORDER BY i.indrelid, NOT i.indisprimary, c.relname
