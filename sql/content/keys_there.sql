-- Which of the hashes of keys in $1 the table has now.
SELECT h.key_hash
  FROM (SELECT {key_hash} AS key_hash FROM {source} AS t WHERE {condition}) AS h
 WHERE h.key_hash = ANY ($1::int8[])
