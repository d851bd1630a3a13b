-- This transaction's id as WAL has it, none where it has written nothing yet, and where the next record will stand.
SELECT pg_catalog.pg_current_xact_id_if_assigned()::xid::text AS transaction,
       pg_catalog.pg_current_wal_insert_lsn()::text AS lsn
