-- From here on every commit of this connection carries the window's origin, for its whole life.
SELECT pg_catalog.pg_replication_origin_session_setup({origin})
