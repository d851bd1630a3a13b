-- What a restore of the closed window has made, until it has ended: a later command judges what a dead one wrote.
UPDATE egrow_replica.window
   SET progress = pg_catalog.jsonb_set(progress, ARRAY['restoring'], $2::jsonb)
 WHERE name = $1
