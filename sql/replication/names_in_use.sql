-- Slots and origins belong to the cluster: one of this name, whichever database it serves, is not ours to take.
SELECT 'slot ' || s.slot_name FROM pg_catalog.pg_replication_slots AS s WHERE s.slot_name = ANY ($1::text[])
UNION ALL
SELECT 'origin ' || o.roname FROM pg_catalog.pg_replication_origin AS o WHERE o.roname = ANY ($1::text[])
UNION ALL
SELECT 'publication ' || p.pubname FROM pg_catalog.pg_publication AS p WHERE p.pubname = ANY ($1::text[])
UNION ALL
SELECT 'subscription ' || s.subname FROM pg_catalog.pg_subscription AS s WHERE s.subname = ANY ($1::text[])
