-- Whether there is such a publication, and whose it says that it is.
SELECT pg_catalog.obj_description(p.oid, 'pg_publication') AS comment
  FROM pg_catalog.pg_publication AS p
 WHERE p.pubname = $1
