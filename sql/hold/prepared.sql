-- Transactions that were prepared in this database: whoever ends one writes what it holds, read only or not.
SELECT p.gid, p.owner::text AS role FROM pg_catalog.pg_prepared_xacts AS p
 WHERE p.database = pg_catalog.current_database()
 ORDER BY p.gid
