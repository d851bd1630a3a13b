-- Some builds do not ship it; then the evidence rests on commit timestamps.
SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'pg_walinspect')
