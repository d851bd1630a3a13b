-- What on production is this program's: by name, and subscriptions also by what they use and as whom they run, because
-- one that somebody renamed writes all the same. Origins and slots belong to the whole cluster: one that a subscription
-- of another database is named after is that database's window. Where there is no journal ($1), the content roles' rights
-- in this database are a window's too: setup makes both together.
WITH ours AS (
    SELECT s.subname::text AS name, s.subenabled AS active,
           pg_catalog.pg_get_userbyid(s.subowner)::text IN ('egrow_apply', 'egrow_restore', 'egrow_reconcile') AS runs_as_ours,
           ARRAY[s.subname::text, s.subslotname::text] || s.subpublications::text[] AS uses
      FROM pg_catalog.pg_subscription AS s
      JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
     WHERE d.datname = pg_catalog.current_database()
       AND (pg_catalog.starts_with(s.subname::text, 'egrow_')
            OR pg_catalog.starts_with(s.subslotname::text, 'egrow_')
            OR EXISTS (SELECT FROM pg_catalog.unnest(s.subpublications) AS p WHERE pg_catalog.starts_with(p, 'egrow_'))
            OR pg_catalog.pg_get_userbyid(s.subowner)::text IN ('egrow_apply', 'egrow_restore', 'egrow_reconcile')))
SELECT 'prod' AS server, 'subscription' AS kind, o.name, o.active, NULL::text AS comment, o.runs_as_ours, o.uses
  FROM ours AS o
 UNION ALL
SELECT 'prod', 'origin', o.roname::text, false, NULL, false, ARRAY[o.roname::text]
  FROM pg_catalog.pg_replication_origin AS o
 WHERE pg_catalog.starts_with(o.roname, 'egrow_')
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription AS s
                     JOIN pg_catalog.pg_database AS d ON d.oid = s.subdbid
                    WHERE s.subname = o.roname AND d.datname <> pg_catalog.current_database())
 UNION ALL
SELECT 'prod', 'slot', s.slot_name::text, s.active, NULL, false, ARRAY[s.slot_name::text]
  FROM pg_catalog.pg_replication_slots AS s
 WHERE pg_catalog.starts_with(s.slot_name::text, 'egrow_')
   AND COALESCE(s.database, pg_catalog.current_database()) = pg_catalog.current_database()
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription AS u
                     JOIN pg_catalog.pg_database AS d ON d.oid = u.subdbid
                    WHERE u.subname || '_wal' = s.slot_name AND d.datname <> pg_catalog.current_database())
 UNION ALL
SELECT DISTINCT 'prod', 'role', r.rolname::text, false, NULL, false, ARRAY[r.rolname::text]
  FROM pg_catalog.pg_roles AS r
  JOIN pg_catalog.pg_shdepend AS h ON h.refobjid = r.oid AND h.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass
  JOIN pg_catalog.pg_database AS d ON d.oid = h.dbid
 WHERE NOT $1::bool
   AND r.rolname IN ('egrow_apply', 'egrow_restore', 'egrow_reconcile')
   AND h.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
   AND d.datname = pg_catalog.current_database()
 ORDER BY 2, 3
