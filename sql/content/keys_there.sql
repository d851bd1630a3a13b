-- Which of the keys' hashes in $1 the table has, packed.
SELECT pg_catalog.string_agg(pg_catalog.int8send({key_hash}), ''::bytea)
  FROM {source} AS t
 WHERE {key_hash} = ANY ($1::int8[]) AND {condition}
