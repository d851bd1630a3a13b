-- How much the rows whose key's hash is in $1 weigh, as far as they travel: the size of the row that is made of them,
-- with what TOAST keeps outside fetched, compressed as it is.
SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_column_size(ROW({columns}))), 0)::int8
  FROM {source} AS t
 WHERE {key_hash} = ANY ($1::int8[]) AND {condition}
