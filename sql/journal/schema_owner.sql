-- The operator's, whoever made it.
ALTER SCHEMA egrow_replica OWNER TO {role}
