-- What the server keeps of a role's password, to see whether a connection string has the same one.
SELECT a.rolpassword::text FROM pg_catalog.pg_authid AS a WHERE a.rolname = $1::text
