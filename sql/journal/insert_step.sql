-- Intent before act, and what became of it. The role is who logged in, whatever role the act took on.
INSERT INTO egrow_replica.step (window_name, step, status, detail, os_user, os_host, database_role, program_version)
VALUES ($1, $2, $3, $4, $5, $6, session_user, $7)
