-- The publication's own row. ALTER PUBLICATION SET (…), OWNER TO and RENAME TO give it another version (xmin), which
-- stays another one when they are taken back; COMMENT ON does not.
SELECT p.oid::int8 AS oid,
       p.xmin::text AS version,
       pg_catalog.array_remove(ARRAY[CASE WHEN p.pubinsert THEN 'insert' END, CASE WHEN p.pubupdate THEN 'update' END,
                                     CASE WHEN p.pubdelete THEN 'delete' END,
                                     CASE WHEN p.pubtruncate THEN 'truncate' END]::text[], NULL::text) AS operations,
       p.pubviaroot AS via_root
  FROM pg_catalog.pg_publication AS p
 WHERE p.pubname = $1
