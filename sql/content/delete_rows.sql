-- Only rows that the window made and that nobody references.
DELETE FROM {source} AS t WHERE {key_hash} = ANY ($1::int8[])
