-- How many buckets a comparison needs.
SELECT pg_catalog.count(*) FROM {source} AS t
