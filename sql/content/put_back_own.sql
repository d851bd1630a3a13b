-- Production's own values of the baseline, in the rows in which this window overwrote them ($1, by the hash of the key) and
-- which still hold what was seen then ($2): what people have written since stays.
UPDATE {source} AS t
   SET {assignments}
  FROM pg_temp.{stage} AS s,
       ROWS FROM (pg_catalog.unnest($1::int8[]), pg_catalog.unnest($2::int8[])) AS o(key_hash, value_hash)
 WHERE {matches}
   AND o.key_hash = {key_hash}
   AND o.value_hash = {value_hash}
   AND pg_catalog.record_image_ne(ROW({old}), ROW({new}))
