-- Functions that an operator, a cast, an index class, a domain or a type calls without being named: in a text that is
-- read by its words they cannot be seen, so whatever runs is taken to call all of them. C functions are left out:
-- only a superuser makes them, and as a class operators and casts compute.
WITH unnamed (function) AS (
  SELECT o.oprcode::oid FROM pg_catalog.pg_operator AS o WHERE o.oid >= 16384
  UNION SELECT o.oprrest::oid FROM pg_catalog.pg_operator AS o WHERE o.oid >= 16384
  UNION SELECT c.castfunc FROM pg_catalog.pg_cast AS c WHERE c.oid >= 16384
  UNION SELECT a.amproc::oid FROM pg_catalog.pg_amproc AS a WHERE a.oid >= 16384
  UNION SELECT f.oid
          FROM pg_catalog.pg_type AS t,
               pg_catalog.unnest(ARRAY[t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid,
                                       t.typmodin::oid]) AS f (oid)
         WHERE t.oid >= 16384
  UNION SELECT f.oid
          FROM pg_catalog.pg_range AS g,
               pg_catalog.unnest(ARRAY[g.rngcanonical::oid, g.rngsubdiff::oid]) AS f (oid)
         WHERE g.rngtypid >= 16384
  UNION SELECT m[1]::oid
          FROM pg_catalog.pg_constraint AS k,
               pg_catalog.regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) (\d+)', 'g') AS m
         WHERE k.contypid <> 0 AND k.contype = 'c' AND k.oid >= 16384
),
known AS (
  SELECT p.oid, p.proname, p.provolatile, l.lanname,
         p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AS builtin
    FROM unnamed AS u
    JOIN pg_catalog.pg_proc AS p ON p.oid = u.function
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
),
domains AS (
  SELECT DISTINCT p.proname
    FROM pg_catalog.pg_constraint AS k
   CROSS JOIN pg_catalog.regexp_matches(k.conbin::text, ':(?:funcid|opfuncid) (\d+)', 'g') AS m
    JOIN pg_catalog.pg_proc AS p ON p.oid = m[1]::oid
   WHERE k.contypid <> 0 AND k.contype = 'c' AND k.oid >= 16384
     AND p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AND p.provolatile <> 'i'
)
SELECT ARRAY(SELECT k.oid::bigint FROM known AS k WHERE NOT k.builtin AND k.lanname NOT IN ('c', 'internal')) AS functions,
       ARRAY(SELECT d.proname::text FROM domains AS d) AS builtins,
       ARRAY(SELECT t.tmplname::text
               FROM pg_catalog.pg_ts_template AS t
               JOIN pg_catalog.pg_proc AS p ON p.oid = t.tmpllexize
              WHERE t.oid >= 16384
                AND pg_catalog.regexp_replace(COALESCE(p.probin, ''), '^.*/', '') <> ALL ($1::text[])) AS dictionaries
