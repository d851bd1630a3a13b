-- Whatever this window writes itself carries this origin.
SELECT pg_catalog.pg_replication_origin_create({origin})
