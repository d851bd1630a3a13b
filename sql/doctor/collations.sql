-- Collations by which an index of this database's own tables is sorted, and whose rules are no longer those that the
-- index was made by: the version that was recorded is not the one that this machine's library has now. First the
-- database's own.
SELECT '' AS name, d.datcollversion AS recorded, v.actual
  FROM pg_catalog.pg_database AS d
 CROSS JOIN LATERAL (SELECT pg_catalog.pg_database_collation_actual_version(d.oid) AS actual) AS v
 WHERE d.datname = pg_catalog.current_database()
   AND d.datcollversion IS NOT NULL
   AND v.actual IS DISTINCT FROM d.datcollversion
   AND EXISTS (SELECT FROM pg_catalog.pg_index AS i
                 JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
                WHERE c.relnamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace, 'pg_toast'::pg_catalog.regnamespace)
                  AND (SELECT l.oid FROM pg_catalog.pg_collation AS l
                        WHERE l.collname = 'default' AND l.collprovider = 'd') = ANY (i.indcollation::oid[]))
 UNION ALL
SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(l.collname), l.collversion, v.actual
  FROM pg_catalog.pg_collation AS l
  JOIN pg_catalog.pg_namespace AS n ON n.oid = l.collnamespace
 CROSS JOIN LATERAL (SELECT pg_catalog.pg_collation_actual_version(l.oid) AS actual) AS v
 WHERE l.collversion IS NOT NULL
   AND v.actual IS DISTINCT FROM l.collversion
   AND EXISTS (SELECT FROM pg_catalog.pg_index AS i
                 JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
                WHERE c.relnamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace, 'pg_toast'::pg_catalog.regnamespace)
                  AND l.oid = ANY (i.indcollation::oid[]))
 ORDER BY 1
