-- Production's users' data and orphans as they were before the window wrote anything.
UPDATE egrow_replica.window SET baseline = $2::jsonb WHERE name = $1
