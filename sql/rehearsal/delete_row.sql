-- A removal that is taken back, of the row that is held.
DELETE FROM ONLY {table} AS t
 WHERE t.ctid = $1::pg_catalog.tid
RETURNING t.ctid::pg_catalog.text
