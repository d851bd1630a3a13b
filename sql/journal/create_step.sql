-- Intent before act, and what became of it.
CREATE TABLE IF NOT EXISTS egrow_replica.step (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  window_name text NOT NULL,
  step text NOT NULL,
  status text NOT NULL,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  backend_pid int NOT NULL DEFAULT pg_catalog.pg_backend_pid(),
  detail text
)
