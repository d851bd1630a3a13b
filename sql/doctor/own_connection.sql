-- How this connection travels: whether it is encrypted, and the addresses of both ends as the server sees them; none of
-- a Unix socket's. Behind a container's published port or another translation they are not the ones that we know.
SELECT COALESCE((SELECT s.ssl FROM pg_catalog.pg_stat_ssl AS s WHERE s.pid = pg_catalog.pg_backend_pid()), false)
         AS encrypted,
       pg_catalog.host(pg_catalog.inet_client_addr()) AS client_address,
       pg_catalog.host(pg_catalog.inet_server_addr()) AS server_address,
       pg_catalog.inet_server_port() AS server_port
