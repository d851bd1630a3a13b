-- The state of the window; the end of its life is dated by the server.
UPDATE egrow_replica.window
   SET state = $2,
       failure = COALESCE($3, failure),
       closed_at = CASE WHEN $2 IN ('closed', 'rolled_back') THEN pg_catalog.now() ELSE closed_at END
 WHERE name = $1
