-- Event triggers that are not disabled: our CREATE and DROP fire them, and from 17 on our login.
SELECT e.evtname::text AS name,
       e.evtevent::text AS event,
       e.evtenabled::text AS enabled,
       COALESCE(e.evttags, '{{}}') AS tags,
       e.evtfoid::bigint AS function,
       CASE WHEN p.oid < 16384 AND n.nspname = 'pg_catalog' THEN p.proname::text ELSE '' END AS builtin
  FROM pg_catalog.pg_event_trigger AS e
  JOIN pg_catalog.pg_proc AS p ON p.oid = e.evtfoid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE e.evtenabled <> 'D'
