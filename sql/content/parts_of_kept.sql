-- Which of these rows are parts of one that is kept: they reference it and would be deleted with it.
SELECT DISTINCT {key_hash} AS key_hash
  FROM {source} AS r
  JOIN {kept} AS t ON {matches}
 WHERE {key_hash} = ANY ($1::int8[])
   AND {kept_hash} = ANY ($2::int8[])
