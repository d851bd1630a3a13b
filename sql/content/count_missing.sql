-- Rows of the baseline that production has no more.
SELECT pg_catalog.count(*) FROM pg_temp.{stage} AS s WHERE NOT EXISTS (SELECT FROM {source} AS t WHERE {matches})
