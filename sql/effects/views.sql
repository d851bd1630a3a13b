-- What reading the views in $1 calls and reads, straight from the stored trees, views below them included.
WITH RECURSIVE seen (relation) AS (
  SELECT v.oid FROM pg_catalog.unnest($1::oid[]) AS v (oid)
  UNION
  SELECT m[1]::oid
    FROM seen AS s
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = s.relation AND r.ev_type = '1'
   CROSS JOIN pg_catalog.regexp_matches(r.ev_action::text, ':relid (\d+)', 'g') AS m
),
views AS (
  SELECT s.relation, r.ev_action::text AS tree
    FROM seen AS s
    JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = s.relation AND r.ev_type = '1'
),
calls AS (
  SELECT v.relation, p.oid, p.proname, p.provolatile,
         p.oid < 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace AS builtin
    FROM views AS v
   CROSS JOIN pg_catalog.regexp_matches(v.tree, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\d+)', 'g') AS m
    JOIN pg_catalog.pg_proc AS p ON p.oid = m[1]::oid
)
SELECT v.relation::bigint AS relation,
       ARRAY(SELECT DISTINCT c.oid::bigint FROM calls AS c WHERE c.relation = v.relation AND NOT c.builtin) AS functions,
       ARRAY(SELECT DISTINCT c.proname::text FROM calls AS c
              WHERE c.relation = v.relation AND c.builtin AND c.provolatile <> 'i') AS builtins,
       ARRAY(SELECT DISTINCT m[1]::bigint FROM pg_catalog.regexp_matches(v.tree, ':relid (\d+)', 'g') AS m) AS reads
  FROM views AS v
