-- Sessions of the roles in $1 in this database. What our login may not see is NULL, and then nothing is known of them.
SELECT a.pid, a.usename::text AS role, COALESCE(a.application_name, '') AS application, a.backend_start AS started_at,
       COALESCE(a.state, 'unknown') AS state, a.xact_start IS NOT NULL AS in_transaction, a.backend_xid IS NOT NULL AS writes
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.datname = pg_catalog.current_database() AND a.usename = ANY ($1::text[])
   AND COALESCE(a.backend_type, '') <> 'walsender'
   AND NOT (a.usename = current_user AND a.application_name LIKE 'egrow-replica/%')
 ORDER BY a.pid
