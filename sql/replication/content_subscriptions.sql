-- Subscriptions of this database that count as ours whoever made them: they are named so, run as our roles, use an object
-- of ours, or write content ($1).
SELECT s.oid::bigint
  FROM pg_catalog.pg_subscription AS s
  JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
 WHERE d.datname = pg_catalog.current_database()
   AND (pg_catalog.starts_with(s.subname::text, 'egrow_')
        OR pg_catalog.starts_with(s.subslotname::text, 'egrow_')
        OR pg_catalog.pg_get_userbyid(s.subowner)::text IN ('egrow_apply', 'egrow_restore', 'egrow_reconcile')
        OR EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS r
                    WHERE r.srsubid = s.oid AND r.srrelid = ANY ($1::oid[])))
 ORDER BY 1
