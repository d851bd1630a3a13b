-- The planner should know of the new rows before the application asks. VACUUM or an index that is built concurrently may
-- have the table for hours: then autovacuum sees to it later.
ANALYZE (SKIP_LOCKED) {table}
