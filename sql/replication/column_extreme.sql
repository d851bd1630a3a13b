-- The furthest value that the column holds, in the direction of the sequence.
SELECT {aggregate}(t.{column})::int8 FROM {source} AS t
