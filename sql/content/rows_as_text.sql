-- Rows as a person reads them, by the hash of their key; in the order of their keys, or in that of the hashes, in which
-- two servers can be read side by side.
SELECT h.key_hash, h.key, h.row
  FROM (SELECT {key_hash} AS key_hash, ARRAY[{key}]::text[] AS key, ARRAY[{columns}]::text[] AS row
          FROM {source} AS t WHERE {condition}) AS h
 WHERE h.key_hash = ANY ($1::int8[])
 ORDER BY {order}
