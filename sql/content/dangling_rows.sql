-- Keys of rows to be put back that would point nowhere, unless the row points there already: neither at a row that
-- stays nor at one that is put back with them.
SELECT {row} AS row
  FROM pg_temp.{stage} AS s
  LEFT JOIN {source} AS t ON {matches}
 WHERE {all_present}
   AND {changes}
   AND NOT EXISTS (SELECT FROM {references} AS r WHERE {points} AND NOT ({removed}))
   AND NOT ({comes_back})
 LIMIT 20
