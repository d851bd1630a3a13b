-- What the server says outranks what the journal says.
SELECT EXISTS (SELECT FROM pg_catalog.pg_publication WHERE pubname = $1)
