-- Who made an entry, on which machine, as which role and with which version: columns that earlier versions did not have.
-- Without a default, so that nobody is named for what was there already.
ALTER TABLE egrow_replica.step
  ADD COLUMN IF NOT EXISTS os_user text,
  ADD COLUMN IF NOT EXISTS os_host text,
  ADD COLUMN IF NOT EXISTS database_role text,
  ADD COLUMN IF NOT EXISTS program_version text
