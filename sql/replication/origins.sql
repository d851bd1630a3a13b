-- All origins: those of other subscriptions are not ours, and are told apart by name.
SELECT roident::int4 AS id, roname AS name FROM pg_catalog.pg_replication_origin ORDER BY roident
