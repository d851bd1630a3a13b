-- The relations in $1 and all their partitions.
WITH RECURSIVE content (oid) AS (
  SELECT c.oid FROM pg_catalog.unnest($1::oid[]) AS c (oid)
  UNION
  SELECT i.inhrelid
    FROM content AS t
    JOIN pg_catalog.pg_inherits AS i ON i.inhparent = t.oid
    JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relispartition
)
SELECT c.oid::bigint FROM content AS c
