-- What a write, or our own DDL, may depend on although no dependency says so: the functions that initdb made, as one
-- object, because a text may call any of them and somebody may replace one in its place; functions that came into
-- pg_catalog beside them; event triggers. Whom a function is granted to does not matter here.
SELECT 'functions of initdb' AS object, 0::bigint AS oid,
       pg_catalog."left"(pg_catalog.md5(pg_catalog.string_agg(pg_catalog.md5(
         (pg_catalog.to_jsonb(p) - 'proacl')::text), '' ORDER BY p.oid)), 16) AS hash,
       '' AS version, '' AS fires
  FROM pg_catalog.pg_proc AS p
 WHERE p.oid < 16384
UNION ALL
SELECT pg_catalog.concat('function ', p.oid::pg_catalog.regprocedure), p.oid::bigint,
       pg_catalog."left"(pg_catalog.md5((pg_catalog.to_jsonb(p) - 'proacl')::text), 16), p.xmin::text, ''
  FROM pg_catalog.pg_proc AS p
 WHERE p.oid >= 16384 AND p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace
UNION ALL
SELECT pg_catalog.concat('event trigger ', e.evtname), e.oid::bigint,
       pg_catalog."left"(pg_catalog.md5(pg_catalog.to_jsonb(e)::text), 16), e.xmin::text, e.evtenabled::text
  FROM pg_catalog.pg_event_trigger AS e
