-- Rows that the window added to one table.
SELECT key_hash FROM egrow_replica.made_row WHERE window_name = $1 AND relation = $2
