-- A change of one row that takes longer would hold up production, and the stream as well.
SET LOCAL statement_timeout = {milliseconds}
