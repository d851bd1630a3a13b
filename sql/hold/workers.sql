-- Processes of one subscription: what they write carries its origin.
SELECT s.pid FROM pg_catalog.pg_stat_subscription AS s WHERE s.subname = $1 AND s.pid IS NOT NULL
