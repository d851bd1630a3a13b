-- The server's time: sessions are told by it.
SELECT pg_catalog.clock_timestamp()
