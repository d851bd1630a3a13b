-- A slot that stays holds dev's WAL for ever.
SELECT pg_catalog.pg_drop_replication_slot({slot})
