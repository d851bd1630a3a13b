-- The hold that was released last: sessions that began under it only read until they end.
SELECT h.id, h.window_name, h.reason, h.os_user, h.os_host, h.database_role, h.roles, h.begun_at, h.ends_at, h.held_since,
       EXTRACT(epoch FROM h.ends_at - pg_catalog.clock_timestamp())::float8 AS seconds_left,
       h.released_at
  FROM egrow_replica.hold AS h
 WHERE h.released_at IS NOT NULL
 ORDER BY h.released_at DESC
 LIMIT 1
