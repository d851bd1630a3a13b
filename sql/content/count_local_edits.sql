-- Rows that look different from the baseline because an ordinary transaction on production wrote them last.
SELECT pg_catalog.count(*)
  FROM pg_temp.{stage} AS s
  JOIN {source} AS t ON {matches}
 WHERE pg_catalog.record_image_ne(ROW({old}), ROW({new}))
   AND pg_catalog.age(t.xmin) BETWEEN 0 AND pg_catalog.age($1::pg_catalog.xid)
   AND (pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident = 0
