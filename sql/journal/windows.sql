-- All windows, the newest first.
SELECT w.name, w.state, w.opened_at, w.closed_at, w.reason, w.os_user, w.os_host, w.database_role,
       w.dev_identity, w.prod_identity, w.setting, w.scope, w.baseline, w.progress, w.validation, w.failure,
       EXTRACT(epoch FROM pg_catalog.now() - w.opened_at)::float8 AS age_seconds
  FROM egrow_replica.window AS w
 ORDER BY w.opened_at DESC, w.name DESC
