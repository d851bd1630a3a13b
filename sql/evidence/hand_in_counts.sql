-- The session's own counts of rows reach the server's statistics before it answers, not up to ten seconds later.
SELECT pg_catalog.pg_stat_force_next_flush()
