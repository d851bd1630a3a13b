-- One row a window: who, why, when, what it covers, what it found.
CREATE TABLE IF NOT EXISTS egrow_replica.window (
  name text PRIMARY KEY,
  state text NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT pg_catalog.now(),
  closed_at timestamptz,
  reason text,
  os_user text NOT NULL,
  os_host text NOT NULL,
  database_role text NOT NULL,
  program_version text NOT NULL,
  dev_identity text NOT NULL,
  prod_identity text NOT NULL,
  setting jsonb NOT NULL,
  scope jsonb NOT NULL,
  baseline jsonb,
  progress jsonb NOT NULL,
  validation jsonb,
  failure text
)
