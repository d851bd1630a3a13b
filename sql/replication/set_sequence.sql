-- Never backwards: the value was computed as the furthest of dev, production and the column.
SELECT pg_catalog.setval({sequence}::pg_catalog.regclass, {value}::pg_catalog.int8, true)
