-- Settings by name, those that this version does not have left out. A role may change what any session may, and what
-- it was granted: that decides whether a statement's text can be kept out of the log.
SELECT s.name,
       s.setting AS value,
       COALESCE(s.unit, '') AS unit,
       s.context = 'user' OR pg_catalog.has_parameter_privilege(s.name, 'SET') AS may_set
  FROM pg_catalog.pg_settings AS s
 WHERE s.name = ANY ($1::text[])
