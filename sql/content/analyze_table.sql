-- The planner should know of the new rows before the application asks.
ANALYZE {table}
