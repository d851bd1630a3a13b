-- The rows of the buckets that differ, a line a bucket in the buckets' order, so that two servers can be read side by
-- side and neither is ever held whole. Binary, each row 16 bytes: a million rows are read in a second. COPY takes no
-- parameters, so the list of buckets stands in the text: a bit for each bucket, which is short and quickly looked up.
-- In order within a bucket too: the server then sorts the hashes, where it would else keep a growing text for every
-- bucket in every process, and spill. The empty part of the UNION is there for the reason given in bucket_sums.sql: only
-- hashes are sorted, no whole rows.
COPY (SELECT h.bucket,
             pg_catalog.string_agg(pg_catalog.int8send(h.key_hash) || pg_catalog.int8send(h.row_hash), ''::bytea
                                   ORDER BY h.key_hash)
        FROM (SELECT ({bucket} & {mask}::int8)::int4 AS bucket, {key_hash} AS key_hash, {row_hash} AS row_hash
                FROM {source} AS t
               WHERE {condition} AND pg_catalog.get_bit(pg_catalog.decode({buckets}, 'hex'), {bucket} & {mask}::int8) = 1
               UNION ALL
              SELECT 0, 0::int8, 0::int8 WHERE false) AS h
       GROUP BY h.bucket
       ORDER BY h.bucket)
  TO STDOUT (FORMAT binary)
