-- Every function that is not built in, without its text: most are never reached. So is a built-in that somebody
-- replaced: a row that initdb's bootstrap wrote has the transaction id 1, which no later one can have, and what its
-- scripts wrote after that is older than information_schema. A C function is known by the file that it really calls and
-- by the extension and owner that put it there: anything can be added to an extension by its owner, and a search path for
-- libraries that is not the server's own makes the same name another file.
WITH made (before) AS (
  SELECT pg_catalog.min(i.xmin::text::bigint)
    FROM pg_catalog.pg_proc AS i
   WHERE i.pronamespace = 'information_schema'::pg_catalog.regnamespace AND i.oid < 16384
),
library_path (is_default) AS (
  SELECT pg_catalog.current_setting('dynamic_library_path') = '$libdir'
         AND NOT EXISTS (SELECT FROM pg_catalog.pg_db_role_setting AS s, pg_catalog.unnest(s.setconfig) AS c (setting)
                          WHERE c.setting ~* '^dynamic_library_path=')
)
SELECT p.oid::bigint AS oid,
       ARRAY[n.nspname, p.proname]::text[] AS name,
       pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
       CASE WHEN l.lanname <> 'plpgsql' OR h.probin = '$libdir/plpgsql' THEN l.lanname::text
            ELSE 'a language that is only named plpgsql' END AS language,
       p.prokind::text AS kind,
       p.prosecdef AS security_definer,
       CASE WHEN l.lanname = 'c' THEN p.probin ELSE '' END AS library,
       CASE WHEN r.rolsuper AND b.is_default THEN e.extname::text ELSE '' END AS extension,
       CASE WHEN l.lanname IN ('c', 'internal') THEN p.prosrc ELSE '' END AS symbol,
       COALESCE(p.proconfig, '{{}}') AS settings,
       p.pronargs > 0 AND p.pronargs - p.pronargdefaults - (p.provariadic <> 0)::int < 2 AS one_argument,
       EXISTS (SELECT FROM pg_catalog.pg_proc AS o
                WHERE o.proname = p.proname AND o.oid < 16384 AND o.oid <> p.oid
                  AND o.pronamespace = 'pg_catalog'::pg_catalog.regnamespace) AS shadows
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
  JOIN pg_catalog.pg_roles AS r ON r.oid = p.proowner
  LEFT JOIN pg_catalog.pg_proc AS h ON h.oid = l.lanplcallfoid
 CROSS JOIN made AS m
 CROSS JOIN library_path AS b
  LEFT JOIN (pg_catalog.pg_depend AS d
             JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid)
    ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid AND d.deptype = 'e'
 WHERE p.oid >= 16384 OR n.nspname NOT IN ('pg_catalog', 'information_schema')
    OR (p.xmin::text::bigint <> 1 AND p.xmin::text::bigint >= m.before AND l.lanname <> 'c'
        AND n.nspname = 'pg_catalog')
