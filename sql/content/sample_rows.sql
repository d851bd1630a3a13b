-- Rows from pages drawn at random, so that a table's size does not matter.
SELECT {key_hash} AS key_hash, ARRAY[{key}]::text[] AS key, ARRAY[{columns}]::text[] AS row
  FROM {source} AS t TABLESAMPLE SYSTEM ({percent})
 LIMIT {rows}
