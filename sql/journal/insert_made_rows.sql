-- Rows that the window added to one table. Noting a row twice changes nothing. EXCEPT, which is never planned as a loop
-- over a table that grows meanwhile; in order, so that neighbours lie beside each other in the index.
INSERT INTO egrow_replica.made_row (window_name, relation, key_hash)
SELECT $1, $2, h.key_hash
  FROM (SELECT n.key_hash FROM pg_catalog.unnest($3::int8[]) AS n (key_hash)
        EXCEPT
        SELECT m.key_hash FROM egrow_replica.made_row AS m WHERE m.window_name = $1 AND m.relation = $2) AS h
 ORDER BY h.key_hash
