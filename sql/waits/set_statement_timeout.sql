-- How long a statement may take from here on; 0: as long as it likes.
SET statement_timeout = {milliseconds}
