-- Which database a login leads to, for a role that may do nothing but log in.
SELECT s.system_identifier::text || '/' || d.oid
  FROM pg_catalog.pg_control_system() AS s, pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
