-- Whether every transaction up to $1 is over, prepared ones included: none is left that wrote before and commits after.
SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::int8 > $1::int8
