-- Of the rows in which this window overwrote production's own values ($1), those that have not the baseline's, and whether
-- they still hold what was seen then ($2).
SELECT {shown} AS shown, o.value_hash = {value_hash} AS unchanged
  FROM {source} AS t
  JOIN pg_temp.{stage} AS s ON {matches}
  JOIN ROWS FROM (pg_catalog.unnest($1::int8[]), pg_catalog.unnest($2::int8[])) AS o(key_hash, value_hash)
    ON o.key_hash = {key_hash}
 WHERE pg_catalog.record_image_ne(ROW({old}), ROW({new}))
