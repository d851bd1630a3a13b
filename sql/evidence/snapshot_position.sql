-- The oldest transaction that this snapshot does not see finished: whatever was written later has an id from here on.
SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text
