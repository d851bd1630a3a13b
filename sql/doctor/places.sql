-- How many of each place the server has and how many are taken. A background worker's kind is hidden from a role
-- without pg_read_all_stats, so then fewer count as taken than are.
SELECT pg_catalog.pg_has_role('pg_read_all_settings', 'USAGE') AS sees_settings,
       pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_activity,
       pg_catalog.current_setting('max_replication_slots')::int AS slots,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)::int AS slots_used,
       pg_catalog.current_setting('max_wal_senders')::int AS senders,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_replication)::int AS senders_used,
       pg_catalog.current_setting('max_logical_replication_workers')::int AS workers,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_subscription WHERE pid IS NOT NULL)::int AS workers_used,
       COALESCE(pg_catalog.current_setting('max_active_replication_origins', true),
                pg_catalog.current_setting('max_replication_slots'))::int AS origins,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_origin)::int AS origins_used,
       pg_catalog.current_setting('max_worker_processes')::int AS processes,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
         WHERE a.backend_type LIKE 'logical replication %' OR a.backend_type IN ('parallel worker', 'pg_cron launcher')
       )::int AS processes_used,
       pg_catalog.current_setting('max_connections')::int
         - pg_catalog.current_setting('superuser_reserved_connections')::int AS connections,
       (SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity AS a
         WHERE a.datid IS NOT NULL AND a.pid <> pg_catalog.pg_backend_pid())::int AS connections_used
