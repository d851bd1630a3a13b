-- What the objects in $1 (catalogs) and $2 (oids) are: kind and identity as PostgreSQL tells them, and as definition the
-- rows of the catalogs that say it, without what maintenance, statistics and grants change. Stored trees stay as they
-- are stored: writing them out as SQL would call the output functions of their constants' types. An index that is built
-- anew beside the old one has another oid, which other rows name. As version the xmin of the object's own row, where
-- nothing but DDL writes it: an ALTER that was taken back shows.
SELECT o.catalog, o.oid::bigint, i.type AS kind, i.identity, d.definition, COALESCE(v.version, '') AS version
  FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::oid[])) AS o (catalog, oid)
 CROSS JOIN LATERAL pg_catalog.pg_identify_object(o.catalog::pg_catalog.regclass, o.oid, 0) AS i
 CROSS JOIN LATERAL (
   -- Where in a text a stored tree stood says nothing, and is another after REINDEX CONCURRENTLY on 15.
   SELECT COALESCE(pg_catalog.regexp_replace(pg_catalog.string_agg(r.fact::text, E'\n' ORDER BY r.fact::text),
            ':location -?\d+', '', 'g'), '')
     FROM (SELECT pg_catalog.to_jsonb(c) - '{{relacl,relfilenode,reltablespace,relpages,reltuples,relallvisible,
                relallfrozen,relhasindex,relhasrules,relhastriggers,relhassubclass,relrewrite,relfrozenxid,relminmxid}}'::text[]
                  - CASE WHEN c.relkind IN ('i', 'I') THEN 'oid' ELSE '' END AS fact
             FROM pg_catalog.pg_class AS c WHERE o.catalog = 'pg_class' AND c.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(a) - '{{attrelid,attacl,atthasmissing,attmissingval,attcacheoff,attstattarget}}'::text[]
             FROM pg_catalog.pg_attribute AS a
            WHERE a.attnum > 0
              AND ((o.catalog = 'pg_class' AND a.attrelid = o.oid)
                   OR (o.catalog = 'pg_type'
                       AND a.attrelid = (SELECT t.typrelid FROM pg_catalog.pg_type AS t WHERE t.oid = o.oid)))
           UNION ALL SELECT pg_catalog.to_jsonb(x) - '{{indexrelid,indcheckxmin,indisclustered}}'::text[]
             FROM pg_catalog.pg_index AS x
            WHERE o.catalog = 'pg_class' AND x.indexrelid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_partitioned_table AS x
            WHERE o.catalog = 'pg_class' AND x.partrelid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_inherits AS x
            WHERE o.catalog = 'pg_class' AND o.oid IN (x.inhrelid, x.inhparent)
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_sequence AS x
            WHERE o.catalog = 'pg_class' AND x.seqrelid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_foreign_table AS x
            WHERE o.catalog = 'pg_class' AND x.ftrelid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) - 'proacl' FROM pg_catalog.pg_proc AS x
            WHERE o.catalog = 'pg_proc' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_aggregate AS x
            WHERE o.catalog = 'pg_proc' AND x.aggfnoid::oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) - 'typacl' FROM pg_catalog.pg_type AS x
            WHERE o.catalog = 'pg_type' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_enum AS x
            WHERE o.catalog = 'pg_type' AND x.enumtypid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_range AS x
            WHERE o.catalog = 'pg_type' AND x.rngtypid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_amop AS x
            WHERE o.catalog = 'pg_opfamily' AND x.amopfamily = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_amproc AS x
            WHERE o.catalog = 'pg_opfamily' AND x.amprocfamily = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_attrdef AS x
            WHERE o.catalog = 'pg_attrdef' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) - 'conindid' FROM pg_catalog.pg_constraint AS x
            WHERE o.catalog = 'pg_constraint' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) - 'tgconstrindid' FROM pg_catalog.pg_trigger AS x
            WHERE o.catalog = 'pg_trigger' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_rewrite AS x
            WHERE o.catalog = 'pg_rewrite' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_policy AS x
            WHERE o.catalog = 'pg_policy' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_statistic_ext AS x
            WHERE o.catalog = 'pg_statistic_ext' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_operator AS x
            WHERE o.catalog = 'pg_operator' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_opclass AS x
            WHERE o.catalog = 'pg_opclass' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_opfamily AS x
            WHERE o.catalog = 'pg_opfamily' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_cast AS x
            WHERE o.catalog = 'pg_cast' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_collation AS x
            WHERE o.catalog = 'pg_collation' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_am AS x
            WHERE o.catalog = 'pg_am' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) - 'lanacl' FROM pg_catalog.pg_language AS x
            WHERE o.catalog = 'pg_language' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_transform AS x
            WHERE o.catalog = 'pg_transform' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_ts_config AS x
            WHERE o.catalog = 'pg_ts_config' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_ts_dict AS x
            WHERE o.catalog = 'pg_ts_dict' AND x.oid = o.oid
           UNION ALL SELECT pg_catalog.to_jsonb(x) FROM pg_catalog.pg_ts_template AS x
            WHERE o.catalog = 'pg_ts_template' AND x.oid = o.oid
          ) AS r
 ) AS d (definition)
  LEFT JOIN LATERAL (
    SELECT x.xmin::text FROM pg_catalog.pg_proc AS x WHERE o.catalog = 'pg_proc' AND x.oid = o.oid
    UNION ALL SELECT x.xmin::text FROM pg_catalog.pg_trigger AS x
     WHERE o.catalog = 'pg_trigger' AND x.oid = o.oid AND NOT x.tgisinternal
    UNION ALL SELECT x.xmin::text FROM pg_catalog.pg_rewrite AS x WHERE o.catalog = 'pg_rewrite' AND x.oid = o.oid
    UNION ALL SELECT x.xmin::text FROM pg_catalog.pg_policy AS x WHERE o.catalog = 'pg_policy' AND x.oid = o.oid
    UNION ALL SELECT x.xmin::text FROM pg_catalog.pg_constraint AS x
     WHERE o.catalog = 'pg_constraint' AND x.oid = o.oid AND x.conindid = 0
    UNION ALL SELECT x.xmin::text FROM pg_catalog.pg_operator AS x WHERE o.catalog = 'pg_operator' AND x.oid = o.oid
    UNION ALL SELECT x.xmin::text FROM pg_catalog.pg_type AS x WHERE o.catalog = 'pg_type' AND x.oid = o.oid
  ) AS v (version) ON true
 ORDER BY i.identity, o.catalog, o.oid
