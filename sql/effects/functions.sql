-- Every function that is not built in, without its text: most are never reached. A library is what makes a C function
-- known, not the extension that it belongs to, because any function can be added to an extension by its owner.
SELECT p.oid::bigint AS oid,
       ARRAY[n.nspname, p.proname]::text[] AS name,
       pg_catalog.pg_get_function_identity_arguments(p.oid) AS arguments,
       l.lanname::text AS language,
       p.prokind::text AS kind,
       p.prosecdef AS security_definer,
       CASE WHEN l.lanname = 'c' THEN pg_catalog.regexp_replace(p.probin, '^.*/', '') ELSE '' END AS library,
       CASE WHEN l.lanname IN ('c', 'internal') THEN p.prosrc ELSE '' END AS symbol,
       COALESCE(p.proconfig, '{{}}') AS settings,
       p.pronargs = 1 AND (SELECT t.typtype IN ('c', 'p') FROM pg_catalog.pg_type AS t WHERE t.oid = p.proargtypes[0])
         AS takes_row,
       EXISTS (SELECT FROM pg_catalog.pg_proc AS b
                WHERE b.proname = p.proname AND b.oid < 16384
                  AND b.pronamespace = 'pg_catalog'::pg_catalog.regnamespace) AS shadows,
       ARRAY(SELECT f.oid
               FROM pg_catalog.pg_aggregate AS a,
                    pg_catalog.unnest(ARRAY[a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn,
                                            a.aggmtransfn, a.aggminvtransfn, a.aggmfinalfn]) AS f (oid)
              WHERE p.prokind = 'a' AND a.aggfnoid = p.oid AND f.oid >= 16384)::bigint[] AS parts
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
 WHERE p.oid >= 16384 OR n.nspname NOT IN ('pg_catalog', 'information_schema')
