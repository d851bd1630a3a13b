-- The rows whose key's hash is in $1: to look again at the few that differed.
SELECT h.key_hash, h.row_hash
  FROM (SELECT {key_hash} AS key_hash, {row_hash} AS row_hash FROM {source} AS t WHERE {condition}) AS h
 WHERE h.key_hash = ANY ($1::int8[])
 ORDER BY h.key_hash
