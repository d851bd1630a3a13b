-- A row that references one of these takes KEY SHARE on it, so from here on it waits for us; one that is not yet
-- committed makes us wait. References are looked for afterwards, in a statement of its own.
SELECT pg_catalog.count(*)
  FROM (SELECT t.ctid FROM {source} AS t WHERE {key_hash} = ANY ($1::int8[]) FOR UPDATE) AS locked
