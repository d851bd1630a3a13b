-- Rows that the baseline does not have, by the origin of the transactions that wrote them last: the hashes of their
-- keys, packed.
SELECT h.origin, pg_catalog.string_agg(pg_catalog.int8send(h.key_hash), ''::bytea) AS keys
  FROM (SELECT {key_hash} AS key_hash, {origin} AS origin
          FROM {source} AS t
         WHERE NOT EXISTS (SELECT FROM pg_temp.{stage} AS s WHERE {matches})) AS h
 GROUP BY h.origin
