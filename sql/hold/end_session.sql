-- End a session of a role whose writes are held. The call looks it up itself, so that a process id that was given to
-- another session meanwhile ends nobody; a session that is gone answers NULL.
SELECT pg_catalog.pg_terminate_backend((
         SELECT a.pid FROM pg_catalog.pg_stat_activity AS a
          WHERE a.pid = $1 AND a.usename = {role} AND a.datname = pg_catalog.current_database()
            AND a.backend_start < $2 AND a.backend_type = 'client backend'))
