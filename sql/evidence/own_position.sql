-- This transaction's id as WAL has it, and where the next record will stand.
SELECT {id}::xid::text AS transaction,
       pg_catalog.pg_current_wal_insert_lsn()::text AS lsn
