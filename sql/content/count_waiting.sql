-- Rows that still look different: they exchange a unique value among themselves, or want one that another row keeps.
SELECT pg_catalog.count(*)
  FROM pg_temp.{stage} AS s
  JOIN {source} AS t ON {matches}
 WHERE pg_catalog.record_image_ne(ROW({old}), ROW({new}))
