-- A part of what a content table holds as the window is closed, or after a restore.
INSERT INTO egrow_replica.left_content (relation, part, window_name, command, packed) VALUES ($1, $2, $3, $4, $5::bytea)
