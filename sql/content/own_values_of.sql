-- The rows whose key's hash is in $1: how their columns that do not travel hash now, which origin wrote the row last (NULL
-- where it is not newer than the baseline), and its key for a person.
SELECT {key_hash} AS key_hash, ARRAY[{values}]::int8[] AS hashes, {origin} AS origin, {shown} AS shown
  FROM {source} AS t
 WHERE {key_hash} = ANY ($1::int8[])
