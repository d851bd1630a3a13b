-- Rows of dev, by the hash of their key, that a CHECK of production does not accept. NULL passes a CHECK.
SELECT ARRAY[{key}]::text[] AS key
  FROM (SELECT {key_hash} AS key_hash, t.* FROM {source} AS t WHERE {filter}) AS t
 WHERE t.key_hash = ANY ($1::int8[])
   AND NOT ({condition})
 ORDER BY 1
