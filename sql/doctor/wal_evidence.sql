-- What reading this server's WAL as evidence stands on: the extension in the schema that setup makes, the privilege to
-- use it, and a physical slot that keeps the WAL meanwhile.
SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions AS a WHERE a.name = 'pg_walinspect') AS is_shipped,
       COALESCE(x.oid IS NOT NULL, false) AS is_there,
       COALESCE(pg_catalog.has_schema_privilege(x.schema, 'USAGE')
                  AND pg_catalog.has_function_privilege(x.reader::oid, 'EXECUTE'), false) AS may_read,
       r.rolsuper OR r.rolreplication AS may_keep,
       pg_catalog.current_setting('max_replication_slots')::int
         - (SELECT pg_catalog.count(*) FROM pg_catalog.pg_replication_slots)::int AS free_slots,
       pg_catalog.current_setting('wal_level') AS wal_level,
       pg_catalog.current_setting('max_slot_wal_keep_size') <> '-1' AS bounds_slots
  FROM pg_catalog.pg_roles AS r
  LEFT JOIN (SELECT e.oid, n.oid AS schema, p.oid AS reader
               FROM pg_catalog.pg_extension AS e
               JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
               JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = 'pg_get_wal_records_info'
              WHERE e.extname = 'pg_walinspect' AND n.nspname = 'egrow_ext') AS x ON true
 WHERE r.rolname = current_user
