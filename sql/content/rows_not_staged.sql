-- Rows that the baseline does not have, with the origin of the transaction that wrote them last.
SELECT {key_hash} AS key_hash, {origin} AS origin
  FROM {source} AS t
 WHERE NOT EXISTS (SELECT FROM pg_temp.{stage} AS s WHERE {matches})
