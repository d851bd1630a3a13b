-- The server's clock and the encoding of this database, which decides the bytes that are hashed.
SELECT pg_catalog.clock_timestamp() AS now, pg_catalog.getdatabaseencoding()::text AS encoding
