-- The same in the journal of an earlier version, which goes on until its window is closed.
INSERT INTO egrow_replica.step (window_name, step, status, detail) VALUES ($1, $2, $3, $4)
