-- A window that the journal lost, as its backup knows it: it has ended, and what it wrote can be put back.
INSERT INTO egrow_replica.window (name, state, opened_at, closed_at, reason, os_user, os_host, database_role,
                                  program_version, dev_identity, prod_identity, setting, scope, baseline, progress)
VALUES ($1, 'closed', $2, pg_catalog.now(), $3, $4, $5, current_user, $6, '', $7, $8::jsonb, $9::jsonb, $10::jsonb,
        $11::jsonb)
