-- Rewrite rules, a view's own left out: they add statements to ours, or put others in their place.
SELECT r.ev_class::bigint AS relation,
       r.rulename::text AS name,
       r.ev_enabled::text AS enabled,
       CASE r.ev_type WHEN '1' THEN 'select' WHEN '2' THEN 'update' WHEN '3' THEN 'insert' ELSE 'delete' END AS event,
       pg_catalog.pg_get_ruledef(r.oid) AS definition
  FROM pg_catalog.pg_rewrite AS r
  JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE r.ev_type <> '1'
   AND n.nspname NOT IN ('pg_catalog', 'information_schema')
