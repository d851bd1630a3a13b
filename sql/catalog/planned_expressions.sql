-- Stored expressions that the planner computes as far as they are constant, for whoever reads or only explains a query
-- of the table: of indexes, extended statistics, children's checks and partition keys (get_relation_info in plancat.c).
-- Only those that name a function or an operator of one's own.
SELECT n.nspname AS schema_name, c.relname AS relation_name, e.place, e.tree
  FROM (
    SELECT i.indrelid AS relation, 'index ' || pg_catalog.quote_ident(x.relname) AS place,
           pg_catalog.concat(i.indexprs::text, i.indpred::text) AS tree
      FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
     WHERE i.indexprs IS NOT NULL OR i.indpred IS NOT NULL
    UNION ALL
    SELECT s.stxrelid, 'statistics ' || pg_catalog.quote_ident(s.stxname), s.stxexprs::text
      FROM pg_catalog.pg_statistic_ext AS s WHERE s.stxexprs IS NOT NULL
    UNION ALL
    SELECT k.conrelid, 'check ' || pg_catalog.quote_ident(k.conname), k.conbin::text
      FROM pg_catalog.pg_constraint AS k WHERE k.contype = 'c' AND EXISTS (
             SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhrelid = k.conrelid)
    UNION ALL
    SELECT p.partrelid, 'its partition key', p.partexprs::text
      FROM pg_catalog.pg_partitioned_table AS p WHERE p.partexprs IS NOT NULL
  ) AS e
  JOIN pg_catalog.pg_class AS c ON c.oid = e.relation
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE e.tree ~ ':(funcid|opfuncid) (\d\d\d\d\d\d+|[2-9]\d\d\d\d|1[7-9]\d\d\d|16[4-9]\d\d|163[89]\d)\M'
   AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'
 ORDER BY 1, 2, 3
