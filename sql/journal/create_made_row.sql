-- Rows that the window added, as the hash of their key under the window's seed: what a restore may remove.
CREATE TABLE IF NOT EXISTS egrow_replica.made_row (
  window_name text NOT NULL,
  relation text NOT NULL,
  key_hash bigint NOT NULL,
  PRIMARY KEY (window_name, relation, key_hash)
)
