-- Whether production is connected and has confirmed dev's position $2: NULL without the slot.
SELECT s.active AND s.confirmed_flush_lsn >= $2::pg_lsn AS confirmed
  FROM pg_catalog.pg_replication_slots AS s
 WHERE s.slot_name = $1
