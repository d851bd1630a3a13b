-- From $2 on no session of the roles is older than their settings.
UPDATE egrow_replica.hold SET held_since = $2 WHERE id = $1 AND in_force
