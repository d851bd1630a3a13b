-- Who inherits from whom: a write to a parent without ONLY reaches its children, and a row of a child is a row of its
-- parents.
SELECT i.inhparent::bigint AS parent, i.inhrelid::bigint AS child, c.relispartition AS partition
  FROM pg_catalog.pg_inherits AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
 WHERE c.relkind IN ('r', 'p', 'f')
