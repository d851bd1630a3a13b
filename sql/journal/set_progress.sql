-- What the window has made so far: what a later command needs in order to go on or to undo.
UPDATE egrow_replica.window SET progress = $2::jsonb WHERE name = $1
