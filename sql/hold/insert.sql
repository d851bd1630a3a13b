-- A hold begins, in the transaction that changes the roles' settings. It fails where another one is in force.
INSERT INTO egrow_replica.hold (window_name, reason, os_user, os_host, database_role, roles, ends_at)
VALUES ($1, $2, $3, $4, current_user, $5::jsonb, pg_catalog.clock_timestamp() + $6::float8 * interval '1 second')
RETURNING id
