-- What a role's transactions are by default in this database, for sessions that begin from now on.
ALTER ROLE {role} IN DATABASE {database} SET default_transaction_read_only = {value}
