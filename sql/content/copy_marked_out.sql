-- As copy_rows_out.sql where the keys are too many to be named: read once all the same. A bit for each value of the
-- hash's last digits says whether a row may be wanted, and its key's hash goes before it, so that the others are left
-- out on their way.
COPY (SELECT {key_hash}, {columns}
        FROM {source} AS t
       WHERE {condition} AND pg_catalog.get_bit(pg_catalog.decode({marks}, 'hex'), {key_hash} & {mask}::int8) = 1)
  TO STDOUT (FORMAT binary)
