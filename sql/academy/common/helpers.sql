-- Deterministic stand-ins for chance: the same seed and scale give the same rows on every server and version.
-- They live in pg_temp, so nothing of them stays in the database. The caller is inside a transaction.

\if :{?scale}
\else
\set scale 1
\endif
\if :{?seed}
\else
\set seed 1
\endif

SET LOCAL client_min_messages = warning;
SET LOCAL search_path = public;
SET LOCAL TimeZone = 'UTC';

-- A psql variable is not replaced inside a function's body, so the seed is put there with format().
SELECT format($f$
  CREATE FUNCTION pg_temp.pick(key text, n bigint) RETURNS integer
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN ((hashtextextended($1 COLLATE "C", %s) & 9223372036854775807) %% $2)::integer
$f$, :seed::bigint)
UNION ALL
SELECT format($f$
  CREATE FUNCTION pg_temp.cuid(kind text, n bigint) RETURNS text
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  RETURN 'c' || left(md5($1 || ':' || $2 || ':%s'), 24)
$f$, :seed::bigint) \gexec

-- What does not depend on the present counts from a fixed day, so that it is the same tomorrow.
CREATE FUNCTION pg_temp.day(n double precision) RETURNS timestamp
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (TIMESTAMP '2025-03-01 08:00:00' + $1 * INTERVAL '1 day')::timestamp(3);

CREATE FUNCTION pg_temp.one_of(words text[], key text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN $1[1 + pg_temp.pick($2, cardinality($1))];

-- Text that does not compress, long enough to leave the row (TOAST) from about 80 pieces on.
CREATE FUNCTION pg_temp.prose(key text, pieces integer) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT string_agg('Párrafo ' || g || ': ' || md5($1 || '/' || g) || md5($1 || '\' || g), E'\n' ORDER BY g)
          FROM generate_series(1, $2) AS g);
