-- What the steps of the last windows that came to stream took, for an estimate; with a whole backup or without, as $1
-- says, because dumping a database is most of what opening a window takes. The newest first.
SELECT p.window_name, p.step, EXTRACT(epoch FROM p.ended - p.at)::float8 AS seconds
  FROM (SELECT s.window_name, s.step, s.status, s.at,
               pg_catalog.lead(s.step) OVER following AS next_step,
               pg_catalog.lead(s.status) OVER following AS next_status,
               pg_catalog.lead(s.at) OVER following AS ended
          FROM egrow_replica.step AS s
        WINDOW following AS (PARTITION BY s.window_name ORDER BY s.id)) AS p
  JOIN (SELECT w.name, w.opened_at
          FROM egrow_replica.window AS w
         WHERE (w.setting->>'whole_backup')::boolean = $1
           AND EXISTS (SELECT FROM egrow_replica.step AS o
                        WHERE o.window_name = w.name AND o.step = 'streaming' AND o.status = 'done')
         ORDER BY w.opened_at DESC
         LIMIT 3) AS w ON w.name = p.window_name
 WHERE p.status = 'intent'
   AND p.next_step = p.step
   AND p.next_status = 'done'
 ORDER BY w.opened_at DESC, p.at
