-- Whether our login sees how passwords are kept; on most managed servers nobody does.
SELECT pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')
