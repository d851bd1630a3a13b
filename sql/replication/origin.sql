-- The origin's number, by which commit timestamps and WAL name it; NULL where there is none.
SELECT roident::int4 FROM pg_catalog.pg_replication_origin WHERE roname = $1
