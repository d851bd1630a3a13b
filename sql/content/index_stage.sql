-- The joins that follow go by key.
CREATE INDEX ON pg_temp.{stage} ({key})
