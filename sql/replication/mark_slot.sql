-- The moment from which the slot's transactions are counted. A slot that is made anew has none: nothing else in a catalog
-- tells it from the one that was dropped.
SELECT pg_catalog.pg_stat_reset_replication_slot({slot})
