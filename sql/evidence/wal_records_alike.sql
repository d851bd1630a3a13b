-- As wal_records, for a piece of many rows by few transactions: grouped at once they need not be kept one by one, which
-- takes half the time there, and an eighth more where each transaction writes a few rows.
SELECT r.kind, r.xid,
       CASE WHEN r.kind > 'Z' THEN COALESCE(r.block_ref, '')
            WHEN r.kind <> 'C' OR pg_catalog.strpos(r.description, ';') > 0 THEN COALESCE(r.description, '') END AS said,
       pg_catalog.sum(CASE WHEN r.kind IS DISTINCT FROM 'm' THEN 1
                           WHEN pg_catalog.starts_with(r.description, 'n')  -- 15 writes "226 tuples …"
                             THEN pg_catalog.split_part(pg_catalog.split_part(r.description, ' ', 2), ',', 1)::int4
                           ELSE pg_catalog.split_part(r.description, ' ', 1)::int4 END) AS rows,
       pg_catalog.min(r.start_lsn) AS first, pg_catalog.max(r.start_lsn) AS last, pg_catalog.max(r.end_lsn) AS until
  FROM ({kinds}) AS r
 -- What changes no row only matters at the end, from where the next piece goes on; 1 MB, because 32 whole pages
 -- of a new index are one record.
 WHERE r.kind IS NOT NULL OR r.end_lsn > $2::pg_lsn - 1048576::numeric
 GROUP BY 1, 2, 3
