-- The rows of the buckets in $2, as a pair of hashes each. The list is an int4[], as the left side is: with another
-- type the server would compare one by one.
SELECT h.key_hash, h.row_hash
  FROM (SELECT {key_hash} AS key_hash, {row_hash} AS row_hash FROM {source} AS t WHERE {condition}) AS h
 WHERE (h.key_hash & $1::int8)::int4 = ANY ($2::int4[])
