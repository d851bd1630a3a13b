-- Every trigger that somebody made, on every table: a function may write any of them. Triggers that the server made
-- for a constraint are listed only where somebody changed when they fire; tgtype is a set of bits (pg_trigger.h). UPDATE
-- OF a generated column fires where a column is updated from which it is computed.
SELECT t.tgrelid::bigint AS relation,
       t.tgname::text AS name,
       t.tgenabled::text AS enabled,
       t.tgfoid::bigint AS function,
       CASE WHEN p.oid < 16384 AND n.nspname = 'pg_catalog' THEN p.proname::text ELSE '' END AS builtin,
       (t.tgtype & 1) <> 0 AS for_each_row,
       CASE WHEN (t.tgtype & 64) <> 0 THEN 'INSTEAD' WHEN (t.tgtype & 2) <> 0 THEN 'BEFORE' ELSE 'AFTER' END AS timing,
       pg_catalog.array_remove(ARRAY[CASE WHEN (t.tgtype & 4) <> 0 THEN 'insert' END,
                                     CASE WHEN (t.tgtype & 16) <> 0 THEN 'update' END,
                                     CASE WHEN (t.tgtype & 8) <> 0 THEN 'delete' END,
                                     CASE WHEN (t.tgtype & 32) <> 0 THEN 'truncate' END], NULL::text) AS events,
       ARRAY(SELECT a.attname::text
               FROM pg_catalog.pg_attribute AS a
              WHERE a.attrelid = t.tgrelid
                AND (a.attnum = ANY (t.tgattr::int2[])
                     OR EXISTS (SELECT
                                  FROM pg_catalog.pg_attrdef AS g
                                  JOIN pg_catalog.pg_depend AS d
                                    ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                   AND d.refobjid = t.tgrelid AND d.refobjsubid = a.attnum
                                   AND ((d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = g.oid)
                                        OR (d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                                            AND d.objid = t.tgrelid AND d.objsubid = g.adnum))
                                 WHERE g.adrelid = t.tgrelid AND g.adnum = ANY (t.tgattr::int2[])))) AS columns,
       pg_catalog.string_to_array(pg_catalog.rtrim(pg_catalog.encode(t.tgargs, 'escape'), '\000'), '\000') AS arguments
  FROM pg_catalog.pg_trigger AS t
  JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
 WHERE t.tgenabled <> 'D'
   AND (NOT t.tgisinternal OR t.tgenabled <> 'O')
