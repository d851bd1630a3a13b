-- Up to which of dev's positions production has what came through an origin; it commits with what it is of.
SELECT o.remote_lsn::text
  FROM pg_catalog.pg_show_replication_origin_status() AS o (local_id, external_id, remote_lsn, local_lsn)
 WHERE o.external_id = $1
   AND o.remote_lsn <> '0/0'::pg_catalog.pg_lsn
