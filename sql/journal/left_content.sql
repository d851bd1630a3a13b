-- Who left the content as it was kept last, and of which tables that is.
SELECT l.window_name AS "window", l.command, l.left_at, pg_catalog.array_agg(DISTINCT l.relation) AS relations
  FROM egrow_replica.left_content AS l
 GROUP BY l.window_name, l.command, l.left_at
