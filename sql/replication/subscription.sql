-- The subscription and its error counts; the counts are of all time and are compared with remembered ones.
SELECT s.oid::bigint AS oid,
       s.subname::text AS name,
       s.subenabled AS enabled,
       s.subslotname::text AS slot,
       pg_catalog.pg_get_userbyid(s.subowner)::text AS owner,
       s.subpublications::text[] AS publications,
       COALESCE(t.apply_error_count, 0) AS apply_errors
  FROM pg_catalog.pg_subscription AS s
  LEFT JOIN pg_catalog.pg_stat_subscription_stats AS t ON t.subid = s.oid
 WHERE s.subname = $1
   AND s.subdbid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
