-- Whether a valid index over all rows finds and sorts the values of a column, as = and < compare them: a B-tree that
-- begins with it. $1: schema · $2: table · $3: column.
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_index AS i
    JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
    JOIN pg_catalog.pg_opclass AS o ON o.oid = i.indclass[0] AND o.opcdefault
    JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod AND m.amname = 'btree'
   WHERE n.nspname = $1 AND c.relname = $2 AND a.attname = $3
     AND i.indisvalid AND i.indpred IS NULL AND i.indcollation[0] = a.attcollation)
