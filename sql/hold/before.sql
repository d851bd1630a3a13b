-- What each role that is held had before, by name, as JSON; NULL where it had nothing.
SELECT pg_catalog.jsonb_object_agg(r.item ->> 'name', r.item -> 'before')::text
  FROM egrow_replica.hold AS h, pg_catalog.jsonb_array_elements(h.roles) AS r (item)
 WHERE h.in_force
