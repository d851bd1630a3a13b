-- The hold in force, if there is one, and how much of its time is left by the server's clock.
SELECT h.id, h.window_name, h.reason, h.os_user, h.os_host, h.database_role, h.roles, h.begun_at, h.ends_at, h.held_since,
       EXTRACT(epoch FROM h.ends_at - pg_catalog.clock_timestamp())::float8 AS seconds_left
  FROM egrow_replica.hold AS h
 WHERE h.in_force
