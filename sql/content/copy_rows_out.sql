-- Only the rows that differ leave dev. COPY takes no parameters, so the list of key hashes stands in the text: numbers
-- only. A hash that two keys share brings one row too many, which the reconcile then finds equal.
COPY (SELECT {columns} FROM {source} AS t WHERE {key_hash} = ANY ({key_hashes}::int8[]) AND {condition})
  TO STDOUT (FORMAT binary)
