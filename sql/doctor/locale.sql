-- By which rules this database sorts text and changes its case, where a column says nothing else. Where 15 and 16 keep
-- the name of an ICU locale, 17 and later keep any provider's.
SELECT CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
       COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', d.datcollate)
         AS collation,
       COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', d.datctype) AS ctype
  FROM pg_catalog.pg_database AS d
 WHERE d.datname = pg_catalog.current_database()
