-- Columns and types as production has them, without defaults, identity or constraints; gone at the end of the
-- transaction.
CREATE TEMPORARY TABLE pg_temp.{stage} ON COMMIT DROP AS SELECT {columns} FROM {source} AS t WITH NO DATA
