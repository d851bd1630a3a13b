-- Rows of catalogs that this transaction has made or changed, other than those of temporary relations. Only catalogs
-- that a temporary table writes need that look: in any other one, a row that is counted is one too many.
-- What is visible, not older than our transaction and of a transaction in progress is ours, also where a subtransaction
-- wrote it: age() counts backwards, and a frozen row has the largest there is.
WITH ours AS MATERIALIZED (
  SELECT pg_catalog.pg_current_xact_id_if_assigned()::text::int8 AS id,
         pg_catalog.age(pg_catalog.pg_current_xact_id_if_assigned()::xid) AS age
), temporary AS MATERIALIZED (
  SELECT c.oid, c.reltype FROM pg_catalog.pg_class AS c WHERE c.relpersistence = 't'
), types AS MATERIALIZED (
  SELECT t.oid FROM pg_catalog.pg_type AS t WHERE t.typnamespace = pg_catalog.pg_my_temp_schema()
), changed AS (
  SELECT 'pg_class' AS catalog, x.xmin AS by, x.relname::text AS name
    FROM pg_catalog.pg_class AS x
   WHERE x.relpersistence <> 't'
  UNION ALL
  SELECT 'pg_attribute', x.xmin, x.attname::text
    FROM pg_catalog.pg_attribute AS x
   WHERE x.attrelid NOT IN (SELECT t.oid FROM temporary AS t)
  UNION ALL
  SELECT 'pg_type', x.xmin, x.typname::text
    FROM pg_catalog.pg_type AS x
   WHERE x.oid NOT IN (SELECT t.oid FROM types AS t)
  UNION ALL
  SELECT 'pg_index', x.xmin, x.indexrelid::text
    FROM pg_catalog.pg_index AS x
   WHERE x.indrelid NOT IN (SELECT t.oid FROM temporary AS t)
  UNION ALL
  SELECT 'pg_constraint', x.xmin, x.conname::text
    FROM pg_catalog.pg_constraint AS x
   WHERE x.conrelid NOT IN (SELECT t.oid FROM temporary AS t)
  UNION ALL
  SELECT 'pg_attrdef', x.xmin, x.adrelid::text
    FROM pg_catalog.pg_attrdef AS x
   WHERE x.adrelid NOT IN (SELECT t.oid FROM temporary AS t)
  UNION ALL
  SELECT 'pg_namespace', x.xmin, x.nspname::text
    FROM pg_catalog.pg_namespace AS x
   WHERE x.nspname !~ '^pg_(toast_)?temp_'
  UNION ALL
  SELECT 'pg_depend', x.xmin, pg_catalog.concat_ws(' ', x.classid, x.objid)
    FROM pg_catalog.pg_depend AS x
   WHERE x.objid NOT IN (SELECT t.oid FROM temporary AS t UNION ALL SELECT t.oid FROM types AS t
                         UNION ALL SELECT k.oid FROM pg_catalog.pg_constraint AS k JOIN temporary AS t ON t.oid = k.conrelid
                         UNION ALL SELECT d.oid FROM pg_catalog.pg_attrdef AS d JOIN temporary AS t ON t.oid = d.adrelid)
  UNION ALL
  SELECT 'pg_shdepend', x.xmin, pg_catalog.concat_ws(' ', x.classid, x.objid)
    FROM pg_catalog.pg_shdepend AS x
   WHERE x.objid NOT IN (SELECT t.oid FROM temporary AS t UNION ALL SELECT t.oid FROM types AS t)
)
SELECT c.catalog, pg_catalog.count(*) AS rows, (pg_catalog.array_agg(c.name ORDER BY c.name))[:3] AS names
  FROM changed AS c CROSS JOIN ours AS o
 WHERE CASE WHEN pg_catalog.age(c.by) <= o.age
         THEN pg_catalog.pg_xact_status((o.id + o.age - pg_catalog.age(c.by))::text::xid8) = 'in progress' END
 GROUP BY c.catalog
 ORDER BY c.catalog
