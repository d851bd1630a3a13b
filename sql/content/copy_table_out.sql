-- Where most rows are wanted. The others are equal on both servers, and the reconcile finds them so.
COPY (SELECT {columns} FROM {source} AS t WHERE {condition}) TO STDOUT (FORMAT binary)
