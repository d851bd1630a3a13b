-- Rows whose foreign key points nowhere, where an index sorts them by it: from each value to the next one, so that it
-- costs as much as there are values, of which content has few, and not as much as there are rows of users.
WITH RECURSIVE pointed (key) AS (
  (SELECT t.{column} FROM {table} AS t WHERE t.{column} IS NOT NULL ORDER BY t.{column} LIMIT 1)
  UNION ALL
  SELECT (SELECT t.{column} FROM {table} AS t WHERE t.{column} > p.key ORDER BY t.{column} LIMIT 1)
    FROM pointed AS p
   WHERE p.key IS NOT NULL
)
SELECT COALESCE(pg_catalog.sum((SELECT pg_catalog.count(*) FROM {table} AS t WHERE t.{column} = p.key)), 0)::int8
  FROM pointed AS p
 WHERE p.key IS NOT NULL AND NOT EXISTS (SELECT FROM {references} AS r WHERE r.{referenced} = p.key)
