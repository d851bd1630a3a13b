-- What the window overwrote in columns of one table.
INSERT INTO egrow_replica.overwritten (window_name, relation, columns, key_hashes, value_hashes)
VALUES ($1, $2, $3::jsonb, $4::int8[], $5::int8[])
