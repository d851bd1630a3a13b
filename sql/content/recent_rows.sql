-- Rows written since the baseline: those of them that dev has too were made, or changed, by the window. The hashes of
-- their keys, packed.
SELECT pg_catalog.string_agg(pg_catalog.int8send({key_hash}), ''::bytea)
  FROM {source} AS t
 WHERE pg_catalog.age(t.xmin) BETWEEN 0 AND pg_catalog.age($1::pg_catalog.xid)
