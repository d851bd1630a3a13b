-- Intent before act, and what became of it.
INSERT INTO egrow_replica.step (window_name, step, status, detail) VALUES ($1, $2, $3, $4)
