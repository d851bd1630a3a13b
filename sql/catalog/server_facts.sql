-- Who this server is and what it is set to. The system identifier with the database's oid tells two databases apart,
-- whatever address they were reached by.
SELECT s.system_identifier::text AS system_identifier,
       d.oid::bigint AS database_oid,
       d.datname::text AS database,
       current_user::text AS role,
       r.rolsuper AS superuser,
       r.rolsuper OR r.rolbypassrls AS bypasses_row_security,
       r.rolsuper OR r.rolreplication AS may_replicate,
       pg_catalog.pg_is_in_recovery() AS in_recovery,
       pg_catalog.current_setting('server_version') AS server_version,
       pg_catalog.current_setting('wal_level') AS wal_level,
       pg_catalog.current_setting('track_commit_timestamp') = 'on' AS tracks_commits,
       -- NULL also where our role may not see it; current_setting would fail.
       (SELECT g.setting FROM pg_catalog.pg_settings AS g WHERE g.name = 'output_plugin_libraries')
         AS output_plugin_libraries,
       pg_catalog.current_setting('max_replication_slots')::int
         - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)::int AS free_slots,
       pg_catalog.current_setting('max_wal_senders')::int
         - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication)::int AS free_senders,
       pg_catalog.current_setting('max_logical_replication_workers')::int
         - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_subscription WHERE pid IS NOT NULL)::int AS free_workers,
       COALESCE(pg_catalog.current_setting('max_active_replication_origins', true),
                pg_catalog.current_setting('max_replication_slots'))::int
         - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_origin)::int AS free_origins,
       CASE WHEN pg_catalog.current_setting('max_active_replication_origins', true) IS NULL
            THEN 'max_replication_slots' ELSE 'max_active_replication_origins' END AS origins_setting,
       pg_catalog.current_setting('max_slot_wal_keep_size') <> '-1' AS bounds_slots,
       pg_catalog.pg_database_size(d.oid) AS database_bytes
  FROM pg_catalog.pg_database AS d,
       pg_catalog.pg_control_system() AS s,
       pg_catalog.pg_roles AS r
 WHERE d.datname = pg_catalog.current_database()
   AND r.rolname = current_user
