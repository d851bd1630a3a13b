-- Whether this session counts the rows that it writes; a setting of the role or the database may have turned it off.
SELECT pg_catalog.current_setting('track_counts') = 'on'
