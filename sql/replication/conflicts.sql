-- Conflicts by kind, counted since 18.
SELECT confl_insert_exists AS insert_exists,
       confl_update_exists AS update_exists,
       confl_update_missing AS update_missing,
       confl_delete_missing AS delete_missing,
       confl_multiple_unique_conflicts AS multiple_unique_conflicts,
       confl_update_origin_differs AS update_origin_differs,
       confl_delete_origin_differs AS delete_origin_differs
  FROM pg_catalog.pg_stat_subscription_stats
 WHERE subname = $1
