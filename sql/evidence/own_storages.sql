-- The relations that some storages ($1) belong to, as this transaction sees them: it may have made one.
SELECT r.* FROM ({relations}) AS r WHERE r.storage = ANY ($1::text[])
