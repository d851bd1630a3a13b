-- Whether every process of the subscription has handed in what it counted before a moment. It does so after a second
-- without a message from dev (LogicalRepApplyLoop in worker.c), and at the end of a transaction that wrote something if
-- the last time was a second ago (pgstat_report_stat in pgstat.c). Until then its deletions are not in the statistics.
SELECT COALESCE(pg_catalog.bool_and(COALESCE(
         a.state = 'idle'
         AND (GREATEST(a.state_change, w.last_msg_receipt_time)
                < pg_catalog.clock_timestamp() - '3 seconds'::pg_catalog."interval"
              OR a.state_change > $2::pg_catalog.timestamptz + '2 seconds'::pg_catalog."interval"), false)), true)
  FROM pg_catalog.pg_stat_subscription AS w
  LEFT JOIN pg_catalog.pg_stat_activity AS a ON a.pid = w.pid
 WHERE w.subname = $1
   AND w.pid IS NOT NULL
