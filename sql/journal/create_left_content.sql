-- What the last window that was closed, or the last restore, left in the content tables: hashes of each row by bucket, as
-- sql/content/own_values.sql packs them, cut into parts. What production holds later is held against it.
CREATE TABLE IF NOT EXISTS egrow_replica.left_content (
  relation text NOT NULL,
  part int NOT NULL,
  window_name text NOT NULL,
  command text NOT NULL,
  left_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  packed bytea NOT NULL,
  PRIMARY KEY (relation, part)
)
