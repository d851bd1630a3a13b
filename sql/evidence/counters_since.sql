-- Since when rows are counted: another answer means that counts were lost. A crash discards all of them and dates those
-- of the archiver anew; pg_stat_reset() dates the database's.
SELECT pg_catalog.concat_ws(' ', a.stats_reset, d.stats_reset)
  FROM pg_catalog.pg_stat_archiver AS a, pg_catalog.pg_stat_database AS d
 WHERE d.datname = pg_catalog.current_database()
