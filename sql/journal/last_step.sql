-- The last entry of a window.
SELECT s.step, s.status, s.at, s.program_version,
       s.os_user || '@' || s.os_host || ' as ' || s.database_role AS by
  FROM egrow_replica.step AS s
 WHERE s.window_name = $1
 ORDER BY s.id DESC
 LIMIT 1
