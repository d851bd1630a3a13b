-- Which rows on these pages were written since the baseline, and by whom it is asked for. The inner LIMIT keeps the
-- planner from joining, which could not read only the pages that are meant.
-- $1: the first page of each range, $2: the page behind its last one, $3: how many rows.
SELECT n.shown
  FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.int8[]), pg_catalog.unnest($2::pg_catalog.int8[])) AS r(first, until)
 CROSS JOIN LATERAL (
   SELECT {key} AS shown
     FROM ONLY {table} AS t
    WHERE t.ctid >= pg_catalog.concat('(', r.first, ',0)')::pg_catalog.tid
      AND t.ctid < pg_catalog.concat('(', r.until, ',0)')::pg_catalog.tid
      AND {written}
    LIMIT $3::pg_catalog.int8) AS n
 LIMIT $3::pg_catalog.int8
