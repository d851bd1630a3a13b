-- As before the hold: nothing was said of it for this role in this database.
ALTER ROLE {role} IN DATABASE {database} RESET default_transaction_read_only
