-- About how many rows a table or its partitions have, as the planner estimates it: pages as they are now times rows a
-- page when it was analysed last. A comparison needs no more to choose its buckets; counting would be another scan.
SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::pg_catalog.float8
                               * CASE WHEN c.reltuples >= 0 AND c.relpages > 0 THEN c.reltuples / c.relpages
                                      ELSE 64 END), 0)::int8
  FROM pg_catalog.pg_class AS c
 WHERE c.oid = $1::pg_catalog.text::pg_catalog.regclass
    OR c.oid IN (SELECT p.relid FROM pg_catalog.pg_partition_tree($1::pg_catalog.text::pg_catalog.regclass) AS p)
