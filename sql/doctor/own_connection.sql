-- Whether this connection is encrypted, and whether it stays on one machine (no address: a Unix socket).
SELECT COALESCE((SELECT s.ssl FROM pg_catalog.pg_stat_ssl AS s WHERE s.pid = pg_catalog.pg_backend_pid()), false)
         AS encrypted,
       COALESCE(pg_catalog.inet_client_addr() = pg_catalog.inet_server_addr(), true) AS local
