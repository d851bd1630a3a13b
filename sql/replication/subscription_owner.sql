-- The worker runs as this role, which may write content and nothing else.
ALTER SUBSCRIPTION {subscription} OWNER TO {role}
