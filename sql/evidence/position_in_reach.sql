-- Whether a row's 32-bit transaction id can still be told to be older or newer than $1.
SELECT pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - $1::numeric < 2147483646
