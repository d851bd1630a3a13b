-- Numbers are reused, so what a verdict rests on is stored before this.
SELECT pg_catalog.pg_replication_origin_drop({origin})
