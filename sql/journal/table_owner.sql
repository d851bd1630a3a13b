-- The operator's, whoever made it.
ALTER TABLE egrow_replica.{table} OWNER TO {role}
