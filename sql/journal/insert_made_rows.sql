-- Rows that the window added to one table. Noting a row twice changes nothing.
INSERT INTO egrow_replica.made_row (window_name, relation, key_hash)
SELECT $1, $2, h.key_hash
  FROM pg_catalog.unnest($3::int8[]) AS h (key_hash)
 WHERE NOT EXISTS (SELECT FROM egrow_replica.made_row AS m
                    WHERE m.window_name = $1 AND m.relation = $2 AND m.key_hash = h.key_hash)
