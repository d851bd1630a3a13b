-- Everything that the relations in $1 and the routines in $2 need to run, as links from one object to the next: what
-- pg_depend records, what hangs on a relation of itself, and what only the catalogs' columns and stored trees say,
-- because pg_depend has neither what is built in nor what is looked up by type at run time. With $3 it begins besides
-- at every operator, cast, operator class and type that is not built in: a text uses them without naming a function.
-- Built-in functions are told where they are not immutable, have a name in $4, or are among those in $5, which are no
-- longer what the server was made with.
WITH RECURSIVE links (of_catalog, of_oid, catalog, oid, kind, name) AS (
  SELECT '', 0::oid, s.catalog, s.oid, s.kind, s.name
    FROM (SELECT 'pg_class' AS catalog, u.oid, 'start' AS kind, '' AS name FROM pg_catalog.unnest($1::oid[]) AS u (oid)
          UNION ALL SELECT 'pg_proc', u.oid, 'start', '' FROM pg_catalog.unnest($2::oid[]) AS u (oid)
          UNION ALL SELECT 'implicit', 0, 'read', '' WHERE $3::bool
          UNION ALL SELECT 'pg_operator', o.oid, 'implicit', o.oprname::text
                      FROM pg_catalog.pg_operator AS o
                     WHERE $3::bool AND (o.oid >= 16384 OR o.oprcode::oid = ANY ($5::oid[]))
          UNION ALL SELECT 'pg_cast', c.oid, 'implicit', '' FROM pg_catalog.pg_cast AS c
                     WHERE $3::bool AND (c.oid >= 16384 OR c.castfunc = ANY ($5::oid[]))
          UNION ALL SELECT 'pg_opclass', c.oid, 'implicit', ''
                      FROM pg_catalog.pg_opclass AS c WHERE $3::bool AND c.oid >= 16384
          UNION ALL SELECT 'pg_ts_template', t.oid, 'implicit', t.tmplname::text
                      FROM pg_catalog.pg_ts_template AS t WHERE $3::bool AND t.oid >= 16384
          UNION ALL SELECT 'pg_ts_parser', t.oid, 'implicit', t.prsname::text
                      FROM pg_catalog.pg_ts_parser AS t WHERE $3::bool AND t.oid >= 16384
          UNION ALL SELECT 'pg_type', t.oid, 'implicit', t.typname::text
                      FROM pg_catalog.pg_type AS t
                     WHERE $3::bool AND t.oid >= 16384 AND t.typelem = 0 AND t.typtype IN ('b', 'd', 'r')) AS s
  UNION
  SELECT n.catalog, n.oid, l.catalog, l.oid, l.kind, COALESCE(p.proname::text, l.name)
    FROM (SELECT DISTINCT k.catalog, k.oid FROM links AS k) AS n
   CROSS JOIN LATERAL (
     -- What pg_depend says it needs. A relation that is only named is not read; one in a view, policy or body is.
     SELECT d.refclassid::pg_catalog.regclass::text AS catalog, d.refobjid AS oid, 'needs' AS kind, '' AS name
       FROM pg_catalog.pg_depend AS d
      WHERE d.classid = pg_catalog.to_regclass(n.catalog) AND d.objid = n.oid AND d.deptype NOT IN ('e', 'x')
        AND d.refclassid::pg_catalog.regclass::text NOT IN ('pg_namespace', 'pg_extension', 'pg_trigger',
                                                            'pg_constraint', 'pg_publication', 'pg_language')
        -- What a type needs of them is told below: its default is not computed where a column of it gets a value.
        AND NOT (n.catalog = 'pg_type' AND d.refclassid::pg_catalog.regclass::text IN ('pg_proc', 'pg_class'))
        AND NOT (n.catalog = 'pg_class' AND d.refclassid = 'pg_type'::pg_catalog.regclass)
        AND (d.refclassid <> 'pg_class'::pg_catalog.regclass
             OR n.catalog IN ('pg_rewrite', 'pg_proc', 'pg_policy')
             OR EXISTS (SELECT FROM pg_catalog.pg_class AS c WHERE c.oid = d.refobjid AND c.relkind IN ('S', 'f')))
        AND NOT EXISTS (SELECT FROM pg_catalog.pg_trigger AS t
                         WHERE n.catalog = 'pg_trigger' AND t.oid = n.oid
                           AND d.refclassid = 'pg_proc'::pg_catalog.regclass AND t.tgfoid = d.refobjid)
     UNION ALL
     SELECT d.classid::pg_catalog.regclass::text, d.objid, 'part', ''
       FROM pg_catalog.pg_depend AS d
      WHERE n.catalog = 'pg_class' AND d.refclassid = 'pg_class'::pg_catalog.regclass AND d.refobjid = n.oid
        AND d.deptype IN ('a', 'i', 'P', 'S')
        AND d.classid::pg_catalog.regclass::text NOT IN ('pg_class', 'pg_type', 'pg_attrdef', 'pg_constraint', 'pg_trigger',
                                                         'pg_statistic_ext', 'pg_policy', 'pg_rewrite', 'pg_publication_rel')
     -- The parts of a relation.
     UNION ALL
     SELECT 'pg_type', a.atttypid, 'column', a.attname::text
       FROM pg_catalog.pg_attribute AS a
      WHERE n.catalog = 'pg_class' AND a.attrelid = n.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.atttypid >= 16384
     UNION ALL
     SELECT 'pg_attrdef', d.oid, CASE a.attgenerated::text WHEN '' THEN 'default' WHEN 'v' THEN 'virtual' ELSE 'generated' END,
            a.attname::text
       FROM pg_catalog.pg_attrdef AS d
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
      WHERE n.catalog = 'pg_class' AND d.adrelid = n.oid
     UNION ALL
     SELECT 'type_default', a.atttypid, 'default', a.attname::text
       FROM pg_catalog.pg_attribute AS a
       JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid AND t.typtype = 'd'
      WHERE n.catalog = 'pg_class' AND a.attrelid = n.oid AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT a.atthasdef AND a.atttypid >= 16384
     UNION ALL
     SELECT 'pg_constraint', k.oid, CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclusion'
                                                   ELSE 'key' END, k.conname::text
       FROM pg_catalog.pg_constraint AS k
      WHERE n.catalog = 'pg_class' AND k.conrelid = n.oid AND k.contype NOT IN ('t', 'n')
     UNION ALL
     SELECT 'pg_class', i.indexrelid, CASE WHEN i.indisexclusion THEN 'exclusion' ELSE 'index' END, c.relname::text
       FROM pg_catalog.pg_index AS i
       JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
      WHERE n.catalog = 'pg_class' AND i.indrelid = n.oid
     UNION ALL
     SELECT 'pg_statistic_ext', s.oid, 'statistics', s.stxname::text
       FROM pg_catalog.pg_statistic_ext AS s
      WHERE n.catalog = 'pg_class' AND s.stxrelid = n.oid
     UNION ALL
     SELECT 'pg_partitioned_table', p.partrelid, 'partition', 'key'
       FROM pg_catalog.pg_partitioned_table AS p
      WHERE n.catalog = 'pg_class' AND p.partrelid = n.oid
     UNION ALL
     SELECT 'pg_trigger', t.oid, 'when', t.tgname::text
       FROM pg_catalog.pg_trigger AS t
      WHERE n.catalog = 'pg_class' AND t.tgrelid = n.oid
     UNION ALL
     SELECT 'pg_rewrite', r.oid, 'rule', r.rulename::text
       FROM pg_catalog.pg_rewrite AS r
      WHERE n.catalog = 'pg_class' AND r.ev_class = n.oid
     UNION ALL
     SELECT 'pg_policy', p.oid, 'policy', p.polname::text
       FROM pg_catalog.pg_policy AS p
      WHERE n.catalog = 'pg_class' AND p.polrelid = n.oid
     UNION ALL
     SELECT 'pg_class', i.inhrelid, 'child', ''
       FROM pg_catalog.pg_inherits AS i
       JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
      WHERE n.catalog = 'pg_class' AND i.inhparent = n.oid
     UNION ALL
     -- Somebody's own order or hash of a built-in type that has none.
     SELECT 'pg_opclass', o.oid, 'column', o.opcname::text
       FROM pg_catalog.pg_opclass AS o
       JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod AND m.amname IN ('btree', 'hash')
      WHERE n.catalog = 'pg_class' AND o.oid >= 16384 AND o.opcdefault AND o.opcintype < 16384
     -- What the catalogs' columns say.
     UNION ALL
     SELECT 'pg_am', c.relam, 'access method', '' FROM pg_catalog.pg_class AS c
      WHERE n.catalog = 'pg_class' AND c.oid = n.oid AND c.relam >= 16384
     UNION ALL
     SELECT 'pg_opclass', u.class, 'operator class', ''
       FROM pg_catalog.pg_index AS i, pg_catalog.unnest(i.indclass::oid[]) AS u (class)
      WHERE n.catalog = 'pg_class' AND i.indexrelid = n.oid AND u.class >= 16384
     UNION ALL
     SELECT 'pg_opclass', u.class, 'operator class', ''
       FROM pg_catalog.pg_partitioned_table AS i, pg_catalog.unnest(i.partclass::oid[]) AS u (class)
      WHERE n.catalog = 'pg_partitioned_table' AND i.partrelid = n.oid AND u.class >= 16384
     UNION ALL
     SELECT 'pg_operator', u.operator, 'operator', ''
       FROM pg_catalog.pg_constraint AS k,
            pg_catalog.unnest(k.conexclop || k.conpfeqop || k.conppeqop || k.conffeqop) AS u (operator)
      WHERE n.catalog = 'pg_constraint' AND k.oid = n.oid AND u.operator >= 16384
     UNION ALL
     SELECT 'pg_proc', f.oid, 'type', t.typname::text
       FROM pg_catalog.pg_type AS t,
            pg_catalog.unnest(ARRAY[t.typinput::oid, t.typoutput::oid, t.typreceive::oid, t.typsend::oid, t.typmodin::oid,
                                    t.typmodout::oid, t.typanalyze::oid, t.typsubscript::oid]) AS f (oid)
      WHERE n.catalog = 'pg_type' AND t.oid = n.oid AND f.oid >= 16384
     UNION ALL
     SELECT 'pg_type', f.oid, 'type', ''
       FROM pg_catalog.pg_type AS t, pg_catalog.unnest(ARRAY[t.typbasetype, t.typelem]) AS f (oid)
      WHERE n.catalog = 'pg_type' AND t.oid = n.oid AND f.oid >= 16384
     UNION ALL
     SELECT 'pg_type', a.atttypid, 'type', a.attname::text
       FROM pg_catalog.pg_type AS t
       JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.catalog = 'pg_type' AND t.oid = n.oid AND t.typrelid <> 0 AND a.atttypid >= 16384
     UNION ALL
     SELECT 'pg_constraint', k.oid, 'domain', k.conname::text
       FROM pg_catalog.pg_constraint AS k
      WHERE n.catalog = 'pg_type' AND k.contypid = n.oid
     UNION ALL
     SELECT f.class, f.oid, 'range', ''
       FROM pg_catalog.pg_range AS g
      CROSS JOIN LATERAL (VALUES ('pg_type', g.rngsubtype), ('pg_type', g.rngtypid), ('pg_opclass', g.rngsubopc),
                                 ('pg_proc', g.rngcanonical::oid), ('pg_proc', g.rngsubdiff::oid)) AS f (class, oid)
      WHERE n.catalog = 'pg_type' AND n.oid IN (g.rngtypid, g.rngmultitypid)
        AND (f.oid >= 16384 OR (f.class = 'pg_proc' AND f.oid <> 0))
     UNION ALL
     SELECT 'pg_opclass', o.oid, 'order or hash', o.opcname::text
       FROM pg_catalog.pg_opclass AS o
       JOIN pg_catalog.pg_am AS m ON m.oid = o.opcmethod AND m.amname IN ('btree', 'hash')
      WHERE n.catalog = 'pg_type' AND o.opcintype = n.oid AND o.opcdefault
     UNION ALL
     SELECT CASE c.castmethod WHEN 'b' THEN 'pg_type' ELSE 'pg_cast' END,
            CASE c.castmethod WHEN 'b' THEN c.casttarget ELSE c.oid END, 'cast', ''
       FROM pg_catalog.pg_cast AS c
      WHERE n.catalog = 'pg_type' AND c.castsource = n.oid
        AND ((c.castmethod = 'b' AND c.casttarget >= 16384)
             OR (c.castmethod <> 'b' AND c.casttarget IN ('json'::pg_catalog.regtype, 'jsonb'::pg_catalog.regtype)))
     UNION ALL
     SELECT 'pg_class', d.refobjid, 'needs', ''
       FROM pg_catalog.pg_depend AS d
       JOIN pg_catalog.pg_class AS c ON c.oid = d.refobjid AND c.relkind = 'S'
      WHERE n.catalog = 'type_default' AND d.classid = 'pg_type'::pg_catalog.regclass AND d.objid = n.oid
        AND d.refclassid = 'pg_class'::pg_catalog.regclass
     UNION ALL
     SELECT 'type_default', t.typbasetype, 'type', ''
       FROM pg_catalog.pg_type AS t
      WHERE n.catalog = 'type_default' AND t.oid = n.oid AND t.typtype = 'd' AND t.typbasetype >= 16384
     UNION ALL
     SELECT f.class, f.oid, 'operator', o.oprname::text
       FROM pg_catalog.pg_operator AS o
      CROSS JOIN LATERAL (VALUES ('pg_proc', o.oprcode::oid), ('pg_proc', o.oprrest::oid), ('pg_proc', o.oprjoin::oid),
                                 ('pg_operator', o.oprcom), ('pg_operator', o.oprnegate)) AS f (class, oid)
      WHERE n.catalog = 'pg_operator' AND o.oid = n.oid
        AND (f.oid >= 16384 OR f.oid = o.oprcode::oid)
     UNION ALL
     SELECT f.class, f.oid, 'operator class', ''
       FROM pg_catalog.pg_opclass AS o
      CROSS JOIN LATERAL (VALUES ('pg_opfamily', o.opcfamily), ('pg_am', o.opcmethod), ('pg_type', o.opckeytype)) AS f (class, oid)
      WHERE n.catalog = 'pg_opclass' AND o.oid = n.oid AND (f.oid >= 16384 OR f.class = 'pg_opfamily')
     UNION ALL
     SELECT 'pg_proc', a.amproc::oid, 'support', '' FROM pg_catalog.pg_amproc AS a
      WHERE n.catalog = 'pg_opfamily' AND a.amprocfamily = n.oid AND (a.oid >= 16384 OR a.amproc::oid >= 16384)
     UNION ALL
     SELECT f.class, f.oid, 'operator family', ''
       FROM pg_catalog.pg_amop AS a
      CROSS JOIN LATERAL (VALUES ('pg_operator', a.amopopr), ('pg_opfamily', a.amopsortfamily)) AS f (class, oid)
      WHERE n.catalog = 'pg_opfamily' AND a.amopfamily = n.oid AND f.oid >= 16384
     UNION ALL
     SELECT 'pg_proc', c.castfunc, 'cast', '' FROM pg_catalog.pg_cast AS c
      WHERE n.catalog = 'pg_cast' AND c.oid = n.oid AND c.castfunc <> 0
     UNION ALL
     SELECT 'pg_proc', m.amhandler::oid, 'handler', '' FROM pg_catalog.pg_am AS m WHERE n.catalog = 'pg_am' AND m.oid = n.oid
     UNION ALL
     SELECT 'pg_proc', f.oid, 'support', ''
       FROM pg_catalog.pg_proc AS p, pg_catalog.unnest(ARRAY[p.prosupport::oid]) AS f (oid)
      WHERE n.catalog = 'pg_proc' AND p.oid = n.oid AND f.oid >= 16384
     UNION ALL
     SELECT f.class, f.oid, 'is made of', ''
       FROM pg_catalog.pg_aggregate AS a
      CROSS JOIN LATERAL (VALUES ('pg_proc', a.aggtransfn::oid), ('pg_proc', a.aggfinalfn::oid), ('pg_proc', a.aggcombinefn::oid),
                                 ('pg_proc', a.aggserialfn::oid), ('pg_proc', a.aggdeserialfn::oid),
                                 ('pg_proc', a.aggmtransfn::oid), ('pg_proc', a.aggminvtransfn::oid),
                                 ('pg_proc', a.aggmfinalfn::oid), ('pg_operator', a.aggsortop)) AS f (class, oid)
      WHERE n.catalog = 'pg_proc' AND a.aggfnoid::oid = n.oid
        AND (f.oid >= 16384 OR (f.class = 'pg_proc' AND f.oid <> 0))
     -- What the stored trees say.
     UNION ALL
     SELECT r.class, r.oid, 'calls', ''
       FROM (-- nextval of a constant sequence is told by the sequence, which is recorded
             SELECT pg_catalog.regexp_replace(d.adbin::text, ':funcid 1574 ([^{{}}]*:args \(\{{CONST :consttype 2205 )', '\1', 'g')
               FROM pg_catalog.pg_attrdef AS d WHERE n.catalog = 'pg_attrdef' AND d.oid = n.oid
             UNION ALL SELECT k.conbin::text FROM pg_catalog.pg_constraint AS k
                        WHERE n.catalog = 'pg_constraint' AND k.oid = n.oid
             UNION ALL SELECT pg_catalog.concat(i.indexprs::text, i.indpred::text) FROM pg_catalog.pg_index AS i
                        WHERE n.catalog = 'pg_class' AND i.indexrelid = n.oid
             UNION ALL SELECT c.relpartbound::text FROM pg_catalog.pg_class AS c WHERE n.catalog = 'pg_class' AND c.oid = n.oid
             UNION ALL SELECT s.stxexprs::text FROM pg_catalog.pg_statistic_ext AS s
                        WHERE n.catalog = 'pg_statistic_ext' AND s.oid = n.oid
             UNION ALL SELECT p.partexprs::text FROM pg_catalog.pg_partitioned_table AS p
                        WHERE n.catalog = 'pg_partitioned_table' AND p.partrelid = n.oid
             UNION ALL SELECT t.tgqual::text FROM pg_catalog.pg_trigger AS t WHERE n.catalog = 'pg_trigger' AND t.oid = n.oid
             UNION ALL SELECT pg_catalog.concat(r.ev_qual::text, r.ev_action::text) FROM pg_catalog.pg_rewrite AS r
                        WHERE n.catalog = 'pg_rewrite' AND r.oid = n.oid
             UNION ALL SELECT pg_catalog.concat(p.polqual::text, p.polwithcheck::text) FROM pg_catalog.pg_policy AS p
                        WHERE n.catalog = 'pg_policy' AND p.oid = n.oid
             UNION ALL SELECT pg_catalog.concat(p.proargdefaults::text, p.prosqlbody::text) FROM pg_catalog.pg_proc AS p
                        WHERE n.catalog = 'pg_proc' AND p.oid = n.oid
             UNION ALL SELECT t.typdefaultbin::text FROM pg_catalog.pg_type AS t
                        WHERE n.catalog = 'type_default' AND t.oid = n.oid) AS tree (text)
      CROSS JOIN pg_catalog.regexp_matches(tree.text, ':(\w+) (?:\(o )?((?:\d{{1,10}} ?)+)', 'g') AS m
      CROSS JOIN pg_catalog.unnest(pg_catalog.string_to_array(pg_catalog.btrim(m[2]), ' ')) AS d (digits)
      CROSS JOIN LATERAL (SELECT CASE WHEN d.digits::bigint < 4294967296 THEN d.digits::bigint::oid END) AS u (number)
      CROSS JOIN LATERAL (
        SELECT 'pg_proc' AS class, p.oid FROM pg_catalog.pg_proc AS p
         WHERE p.oid = u.number
           AND (p.oid >= 16384 OR m[1] IN ('funcid', 'opfuncid', 'aggfnoid', 'winfnoid'))
        UNION ALL
        SELECT 'pg_proc', o.oprcode::oid FROM pg_catalog.pg_operator AS o
         WHERE o.oid = u.number AND m[1] IN ('opno', 'opnos')
        UNION ALL
        SELECT 'pg_operator', o.oid FROM pg_catalog.pg_operator AS o
         WHERE o.oid = u.number AND o.oid >= 16384
        UNION ALL
        SELECT 'pg_type', t.oid FROM pg_catalog.pg_type AS t WHERE t.oid = u.number AND t.oid >= 16384
      ) AS r
      WHERE m[1] NOT IN ('location', 'stmt_location', 'stmt_len', 'constlen', 'constvalue')
   ) AS l
    LEFT JOIN pg_catalog.pg_proc AS p ON l.catalog = 'pg_proc' AND p.oid = l.oid
   WHERE p.oid IS NULL OR p.oid >= 16384 OR p.provolatile <> 'i' OR p.proname = ANY ($4::text[])
      OR p.oid = ANY ($5::oid[]) OR p.pronamespace <> 'pg_catalog'::pg_catalog.regnamespace
)
SELECT l.of_catalog, l.of_oid::bigint AS of_oid, l.catalog, l.oid::bigint AS oid, l.kind, l.name FROM links AS l
