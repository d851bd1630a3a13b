-- Foreign keys, each partition's copy too, with the state of the triggers that carry their actions out: under
-- replication they rest, unless somebody made them ENABLE ALWAYS. Trigger bits: 8 delete, 16 update (pg_trigger.h).
SELECT k.conname::text AS name,
       k.conrelid::bigint AS "table",
       k.confrelid::bigint AS "references",
       k.confdeltype::text AS on_delete,
       k.confupdtype::text AS on_update,
       COALESCE(pg_catalog.max(CASE WHEN (t.tgtype & 8) <> 0 THEN t.tgenabled::text END), 'D') AS delete_enabled,
       COALESCE(pg_catalog.max(CASE WHEN (t.tgtype & 16) <> 0 THEN t.tgenabled::text END), 'D') AS update_enabled
  FROM pg_catalog.pg_constraint AS k
  LEFT JOIN pg_catalog.pg_trigger AS t ON t.tgconstraint = k.oid AND t.tgrelid = k.confrelid
   AND (t.tgtype & 24) <> 0 AND t.tgconstrrelid = k.conrelid AND (t.tgtype & 4) = 0
 WHERE k.contype = 'f'
 GROUP BY k.oid, k.conname, k.conrelid, k.confrelid, k.confdeltype, k.confupdtype
