-- The rows that have these keys, each read through the key's index. An array for each column of the key.
SELECT {key_hash} AS key_hash, ARRAY[{key}]::text[] AS key, ARRAY[{columns}]::text[] AS row
  FROM pg_catalog.unnest({arrays}) AS k({names})
  JOIN {source} AS t ON {matches}
