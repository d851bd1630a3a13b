-- Whether our role may set the moment from which a slot's transactions are counted.
SELECT pg_catalog.has_function_privilege('pg_catalog.pg_stat_reset_replication_slot(text)', 'EXECUTE')
