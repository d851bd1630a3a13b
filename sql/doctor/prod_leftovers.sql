-- Subscriptions, origins and slots on production that are named as a window's are. An origin belongs to the whole
-- cluster: one that a subscription of another database is named after is that database's window.
SELECT 'subscription' AS kind, s.subname::text AS name, s.subenabled AS active
  FROM pg_catalog.pg_subscription AS s
  JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
 WHERE pg_catalog.starts_with(s.subname::text, 'egrow_') AND d.datname = pg_catalog.current_database()
 UNION ALL
SELECT 'origin', o.roname::text, false
  FROM pg_catalog.pg_replication_origin AS o
 WHERE pg_catalog.starts_with(o.roname, 'egrow_')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription AS s
                     JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
                    WHERE s.subname = o.roname AND d.datname <> pg_catalog.current_database())
 UNION ALL
SELECT 'slot', s.slot_name::text, s.active
  FROM pg_catalog.pg_replication_slots AS s
 WHERE pg_catalog.starts_with(s.slot_name::text, 'egrow_')
   AND COALESCE(s.database, pg_catalog.current_database()) = pg_catalog.current_database()
 ORDER BY 1, 2
