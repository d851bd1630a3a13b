-- The window exists from here on, before anything of it does.
INSERT INTO egrow_replica.window (name, state, reason, os_user, os_host, database_role, program_version,
                                  dev_identity, prod_identity, setting, scope, progress)
VALUES ($1, 'opening', $2, $3, $4, current_user, $5, $6, $7, $8::jsonb, $9::jsonb, $10::jsonb)
