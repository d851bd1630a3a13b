-- Indexes of the relations in $1 that are not valid: CREATE INDEX CONCURRENTLY leaves such a one when it fails. No
-- query uses it; a unique one that got as far as to be kept up to date refuses what it takes for a duplicate.
SELECT ARRAY[n.nspname, c.relname]::text[] AS "table", ARRAY[xn.nspname, x.relname]::text[] AS index,
       i.indisunique AND i.indisready AS refuses
  FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
  JOIN pg_catalog.pg_namespace AS xn ON xn.oid = x.relnamespace
 WHERE i.indrelid = ANY ($1::oid[])
   AND NOT i.indisvalid
   AND x.relkind = 'i'
 ORDER BY 1, 2
