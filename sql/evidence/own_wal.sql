-- What one transaction ($3) has written into a piece of WAL ($1 to $2), by the storage that was written; and how far the
-- piece goes. Records of its subtransactions carry ids of their own, which nothing here tells from another session's.
SELECT w.kind::text AS kind, w.storage, pg_catalog.sum(w.rows)::int8 AS rows, pg_catalog.max(w.until)::text AS until
  FROM (SELECT CASE WHEN r.xid = $3::xid AND r.kind > 'Z' THEN r.kind END AS kind,
               CASE WHEN r.xid = $3::xid AND r.kind > 'Z' THEN pg_catalog.split_part(r.said, ' ', 4) END AS storage,
               r.rows, r.until
          FROM ({records}) AS r) AS w
 GROUP BY 1, 2
