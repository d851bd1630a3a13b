-- Which of these rows another row references. Rows that are about to be removed themselves do not count.
SELECT DISTINCT {key_hash} AS key_hash
  FROM {source} AS t
 WHERE {key_hash} = ANY ($1::int8[])
   AND EXISTS (SELECT FROM {referencing} AS r WHERE {matches} AND NOT ({removed}))
