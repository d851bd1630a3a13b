-- Who keeps the baseline from being settled: the transactions up to $1 that are still open, prepared ones included.
SELECT pg_catalog.concat_ws(', ', 'process ' || a.pid, a.usename, 'since ' || a.xact_start) AS who
  FROM pg_catalog.pg_stat_activity AS a
 WHERE a.backend_xid IS NOT NULL AND pg_catalog.age(a.backend_xid) >= pg_catalog.age(($1::int8 & 4294967295)::text::xid)
UNION ALL
SELECT pg_catalog.concat_ws(', ', 'prepared transaction ' || p.gid, p.owner, 'since ' || p.prepared)
  FROM pg_catalog.pg_prepared_xacts AS p
 ORDER BY 1
 LIMIT 5
