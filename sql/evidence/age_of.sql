-- How many transactions ago $1 was: the bound for newer rows. It may exceed what an xid can tell apart.
SELECT LEAST(pg_catalog.pg_snapshot_xmax(pg_catalog.pg_current_snapshot())::text::numeric - $1::numeric, 2147483646)::int4
