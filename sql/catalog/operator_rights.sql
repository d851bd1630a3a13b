-- What a window needs of the present role on production beside tables; a superuser has all of it.
SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE') AS may_create,
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'TEMPORARY') AS may_make_temporary,
       pg_catalog.has_parameter_privilege('session_replication_role', 'SET') AS may_set_replica_role,
       pg_catalog.has_function_privilege('pg_catalog.pg_replication_origin_create(text)', 'EXECUTE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_replication_origin_drop(text)', 'EXECUTE')
         AND pg_catalog.has_function_privilege('pg_catalog.pg_replication_origin_session_setup(text)', 'EXECUTE')
         AS may_use_origins,
       COALESCE((SELECT pg_catalog.pg_has_role(r.oid, 'USAGE') FROM pg_catalog.pg_roles AS r
                  WHERE r.rolname = 'pg_create_subscription'), false) AS may_create_subscription,
       ARRAY(SELECT r.rolname::text FROM pg_catalog.pg_roles AS r
              WHERE r.rolname = ANY ($1::text[]) AND pg_catalog.pg_has_role(r.oid, 'MEMBER')) AS may_become
