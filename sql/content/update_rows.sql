-- Rows that production has and that look different. Image comparison works for every type and sees what = hides, and
-- an equal row is left alone: no bloat, no lock. A row whose unique value another row still holds waits for the next
-- round, when that row has given it up.
UPDATE {source} AS t
   SET {assignments}
  FROM pg_temp.{stage} AS s
 WHERE {matches}
   AND pg_catalog.record_image_ne(ROW({old}), ROW({new}))
   AND {no_collision}
