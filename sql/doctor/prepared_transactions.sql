-- Prepared transactions of the whole cluster: nobody ends them unless told to, and a slot waits for all of them.
SELECT p.gid, p.owner::text AS owner, p.database::text AS database,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - p.prepared) AS seconds
  FROM pg_catalog.pg_prepared_xacts AS p
 ORDER BY p.prepared
