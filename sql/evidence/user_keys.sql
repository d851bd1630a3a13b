-- The keys of all rows of a table, in the words in which a dump has them.
COPY (SELECT {key} FROM ONLY {table} AS t) TO STDOUT (FORMAT text, ENCODING 'UTF8')
