-- What one table's columns that do not travel held at the baseline.
INSERT INTO egrow_replica.own_values (window_name, relation, packed) VALUES ($1, $2, $3::bytea)
