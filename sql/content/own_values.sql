-- Hashes of the columns of each row that do not travel, behind the hash of its key: packed rows by bucket, as in
-- bucket_rows.sql, where the reasons stand for its form. All of a table, in the order of the buckets, so that what a file
-- kept of the baseline can be read beside it, and neither is ever held whole.
COPY (SELECT h.bucket, pg_catalog.string_agg(h.packed, ''::bytea ORDER BY h.key_hash)
        FROM (SELECT ({bucket} & {mask}::int8)::int4 AS bucket, {key_hash} AS key_hash,
                     pg_catalog.int8send({key_hash}) || {values} AS packed
                FROM {source} AS t
               UNION ALL
              SELECT 0, 0::int8, ''::bytea WHERE false) AS h
       GROUP BY h.bucket
       ORDER BY h.bucket)
  TO STDOUT (FORMAT binary)
