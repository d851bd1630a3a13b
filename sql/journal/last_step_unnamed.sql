-- The last entry of a window in the journal of an earlier version, which names nobody.
SELECT s.step, s.status, s.at, NULL::text AS program_version, NULL::text AS by
  FROM egrow_replica.step AS s
 WHERE s.window_name = $1
 ORDER BY s.id DESC
 LIMIT 1
