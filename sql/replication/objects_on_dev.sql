-- Publications and slots on dev that are named as a window's are, whichever production it belongs to; and publications
-- whose comment is a window's, because somebody may have renamed them.
SELECT 'dev' AS server, 'publication' AS kind, p.pubname::text AS name, false AS active,
       pg_catalog.obj_description(p.oid, 'pg_publication') AS comment, false AS runs_as_ours,
       ARRAY[p.pubname::text] AS uses
  FROM pg_catalog.pg_publication AS p
 WHERE pg_catalog.starts_with(p.pubname::text, 'egrow_')
    OR pg_catalog.starts_with(pg_catalog.obj_description(p.oid, 'pg_publication'), 'egrow-replica: window ')
 UNION ALL
SELECT 'dev', 'slot', s.slot_name::text, s.active, NULL, false, ARRAY[s.slot_name::text]
  FROM pg_catalog.pg_replication_slots AS s
 WHERE pg_catalog.starts_with(s.slot_name::text, 'egrow_') AND s.database = pg_catalog.current_database()
 ORDER BY 2, 3
