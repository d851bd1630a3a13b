-- A place in WAL, and a transaction that begins behind it and is over at once: what committed before can be told from
-- what comes after. Taking an id is all that the transaction does, so a read-only connection may.
SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS lsn, pg_catalog.pg_current_xact_id()::text::int8 AS transaction
