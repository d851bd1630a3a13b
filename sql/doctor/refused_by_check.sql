-- Rows of dev, by the hash of their key, that a CHECK of production, or of a domain there, does not accept. NULL passes
-- a CHECK.
SELECT t."the key" AS key
  FROM (SELECT {key_hash} AS "the hash", ARRAY[{key}]::text[] AS "the key", {columns} FROM {source} AS t WHERE {filter})
         AS t
 WHERE t."the hash" = ANY ($1::int8[])
   AND NOT ({condition})
 ORDER BY 1
