-- The role that may change the settings of the application's roles, for this transaction only.
SET LOCAL ROLE {role}
