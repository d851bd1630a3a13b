-- Rows of a table that are newer than the baseline, each with the origin that wrote it last, as COPY writes them: in the
-- words in which a dump has them too.
COPY (SELECT {origin} AS origin, {columns} FROM ONLY {table} AS t WHERE {written})
  TO STDOUT (FORMAT text, ENCODING 'UTF8')
