-- Hashes of each row behind the hash of its key: of the columns that do not travel, one by one, against the baseline, or of
-- those that do, together, against what a window left. Packed rows by bucket, as in bucket_rows.sql, where the reasons
-- stand for its form. All of a table, in the order of the buckets, so that what was kept can be read beside it, and neither
-- is ever held whole.
COPY (SELECT h.bucket, pg_catalog.string_agg(h.packed, ''::bytea ORDER BY h.key_hash)
        FROM (SELECT ({bucket} & {mask}::int8)::int4 AS bucket, {key_hash} AS key_hash,
                     pg_catalog.int8send({key_hash}) || {values} AS packed
                FROM {source} AS t
               UNION ALL
              SELECT 0, 0::int8, ''::bytea WHERE false) AS h
       GROUP BY h.bucket
       ORDER BY h.bucket)
  TO STDOUT (FORMAT binary)
