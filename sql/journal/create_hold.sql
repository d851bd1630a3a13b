-- Each time that writes of the application's roles were held: what was found, so that exactly that can be given back.
-- One is in force at most: the unique column is NULL in all others.
CREATE TABLE IF NOT EXISTS egrow_replica.hold (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  in_force boolean UNIQUE DEFAULT true,
  window_name text,
  reason text,
  os_user text NOT NULL,
  os_host text NOT NULL,
  database_role text NOT NULL,
  roles jsonb NOT NULL,
  begun_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ends_at timestamptz NOT NULL,
  held_since timestamptz,
  released_at timestamptz,
  release_reason text
)
