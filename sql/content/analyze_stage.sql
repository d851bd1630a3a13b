-- A temporary table is never analysed by itself, and a wrong plan here would hold locks on production.
ANALYZE pg_temp.{stage}
