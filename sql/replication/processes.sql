-- How many of these processes still run. A worker leaves pg_stat_subscription (logicalrep_worker_onexit in launcher.c)
-- before it hands in its last counts, and pg_stat_activity only after that: exits are handled last registered first.
SELECT pg_catalog.count(*)
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.pid = ANY ($1::int4[])
