-- How long production waits before a worker that has ended is started again.
SELECT EXTRACT(epoch FROM pg_catalog.current_setting('wal_retrieve_retry_interval')::interval)::float8
