-- The records of a piece that matter, one by one; what is said is a block reference or a description. A plain commit says
-- nothing: one that only has its time, being local, without sub-transactions and with no storage given up.
SELECT r.kind, r.xid,
       CASE WHEN r.kind > 'Z' THEN COALESCE(r.block_ref, '')
            WHEN r.kind <> 'C' OR pg_catalog.strpos(r.description, ';') > 0 THEN COALESCE(r.description, '') END AS said,
       CASE WHEN r.kind IS DISTINCT FROM 'm' THEN 1
                           WHEN pg_catalog.starts_with(r.description, 'n')  -- 15 writes "226 tuples …"
                             THEN pg_catalog.split_part(pg_catalog.split_part(r.description, ' ', 2), ',', 1)::int4
                           ELSE pg_catalog.split_part(r.description, ' ', 1)::int4 END AS rows,
       r.start_lsn AS first, r.start_lsn AS last, r.end_lsn AS until
  FROM ({kinds}) AS r
 -- What changes no row only matters at the end, from where the next piece goes on; 1 MB, because 32 whole pages
 -- of a new index are one record.
 WHERE r.kind IS NOT NULL OR r.end_lsn > $2::pg_lsn - 1048576::numeric
