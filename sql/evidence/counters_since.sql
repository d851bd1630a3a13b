-- Since when rows are counted: another answer means that counts were lost. A crash discards all of them and dates those
-- of the archiver anew; pg_stat_reset() dates the database's. NULL: nothing is counted (track_counts).
SELECT CASE WHEN pg_catalog.current_setting('track_counts') = 'on'
            THEN pg_catalog.concat_ws(' ', a.stats_reset, d.stats_reset) END
  FROM pg_catalog.pg_stat_archiver AS a, pg_catalog.pg_stat_database AS d
 WHERE d.datname = pg_catalog.current_database()
