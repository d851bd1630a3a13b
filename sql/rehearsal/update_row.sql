-- A change that is taken back, of the row that is held.
UPDATE ONLY {table} AS t
   SET {assignments}
 WHERE t.ctid = $1::pg_catalog.tid
RETURNING t.ctid::pg_catalog.text
