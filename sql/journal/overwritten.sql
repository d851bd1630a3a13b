-- What the window overwrote, as it was found at the last look.
SELECT o.relation AS "table", o.columns, o.key_hashes, o.value_hashes
  FROM egrow_replica.overwritten AS o
 WHERE o.window_name = $1
