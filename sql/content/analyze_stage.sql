-- A temporary table is never analysed by itself, and a wrong plan here would hold locks on production. No index: where
-- few rows are staged the content table's own leads to them, and many are joined as a whole.
ANALYZE pg_temp.{stage}
