-- WAL names databases by oid.
SELECT d.oid::int8 FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
