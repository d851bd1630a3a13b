-- Values of production's own columns that the window overwrote, by the hash of the row's key and of the value, under the
-- window's seed: what a restore may put back.
CREATE TABLE IF NOT EXISTS egrow_replica.overwritten (
  window_name text NOT NULL,
  relation text NOT NULL,
  columns jsonb NOT NULL,
  key_hashes bigint[] NOT NULL,
  value_hashes bigint[] NOT NULL
)
