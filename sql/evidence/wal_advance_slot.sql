-- What was examined may go at the next checkpoint. It never moves backwards, nor beyond what is flushed.
SELECT end_lsn::text FROM pg_catalog.pg_replication_slot_advance({slot}, {lsn}::pg_lsn)
