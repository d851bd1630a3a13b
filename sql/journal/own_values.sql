-- What one table's columns that do not travel held at the baseline, where the journal keeps it.
SELECT packed FROM egrow_replica.own_values WHERE window_name = $1 AND relation = $2
