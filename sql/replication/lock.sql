-- One controller at a time. The lock dies with the session, so nobody has to clean it up.
SELECT pg_catalog.pg_try_advisory_lock($1, $2)
