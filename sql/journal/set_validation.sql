-- The verdict with all it rests on: the origins' numbers are reused once they are dropped.
UPDATE egrow_replica.window SET validation = $2::jsonb WHERE name = $1
