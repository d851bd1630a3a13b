-- Rows written since the baseline through one of the origins in $2: the hashes of their keys, packed.
SELECT pg_catalog.string_agg(pg_catalog.int8send({key_hash}), ''::bytea)
  FROM {source} AS t
 WHERE pg_catalog.age(t.xmin) BETWEEN 0 AND pg_catalog.age($1::pg_catalog.xid)
   AND (pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident::pg_catalog.int8 = ANY ($2::pg_catalog.int8[])
