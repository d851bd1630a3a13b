-- A later look replaces what an earlier one has found.
DELETE FROM egrow_replica.overwritten WHERE window_name = $1
