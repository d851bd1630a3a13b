-- Which rows carry a commit of ours: those whose commit's origin is one of $1, bounded as fingerprint.sql bounds them.
SELECT {key} FROM ONLY {table} AS t WHERE {origin} = ANY ($1::pg_catalog.int8[]) LIMIT $2::pg_catalog.int8
