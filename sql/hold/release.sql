-- A hold ends, in the transaction that gives the roles' settings back; no row where another session was faster.
UPDATE egrow_replica.hold
   SET in_force = NULL, released_at = pg_catalog.clock_timestamp(), release_reason = $2
 WHERE id = $1 AND in_force
RETURNING id
