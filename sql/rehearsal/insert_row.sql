-- A row that is taken back.
INSERT INTO {table} AS t ({columns}) {overriding}
VALUES ({values})
RETURNING t.ctid::pg_catalog.text
