-- What rows, by the hash of their key, bring along for an index that keeps rows apart: those that it holds.
SELECT h.key, h.demanded AS "values"
  FROM (SELECT {key_hash} AS key_hash, ARRAY[{key}]::text[] AS key, ARRAY[{values}]::text[] AS demanded
          FROM {source} AS t WHERE {condition} AND {predicate}) AS h
 WHERE h.key_hash = ANY ($1::int8[])
 ORDER BY h.key
