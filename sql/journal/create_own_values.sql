-- Hashes of the columns that do not travel, as the backup keeps them, of tables where they are few: so that a controller on
-- another machine, which has no backup, can compare them too. They go when the window is closed.
CREATE TABLE IF NOT EXISTS egrow_replica.own_values (
  window_name text NOT NULL,
  relation text NOT NULL,
  packed bytea NOT NULL,
  PRIMARY KEY (window_name, relation)
)
