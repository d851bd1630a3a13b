-- Where the server keeps its WAL, and what tells whether that is the directory of this name on our machine. NULL where
-- our role may not see settings of files.
SELECT (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'data_directory') AS directory,
       pg_catalog.current_setting('port')::int AS port,
       pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time())::int8 AS started
