-- Rows that the window added to one table: the hashes of their keys, packed.
SELECT pg_catalog.string_agg(pg_catalog.int8send(m.key_hash), ''::bytea)
  FROM egrow_replica.made_row AS m
 WHERE m.window_name = $1 AND m.relation = $2
