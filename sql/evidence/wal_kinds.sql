-- Every record of a piece of WAL ($1 to $2) with its kind, a single byte because text took a fifth more; no kind: it
-- changes no row. One that is not known counts as a write (o), so that neither a new version nor an extension can hide
-- it. Lower case: a write to what its block reference names, upper case: its description says more.
--   i m u k d  rows inserted, many at once, updated, updated with their key, deleted (Heap, Heap2)
--   s  sequence      o  anything else that could be a table's
--   T  TRUNCATE (only with wal_level logical)      S  storage made
--   L  AccessExclusiveLock, without which no storage changes hands
--   C  commit      A  abort      P  prepare      Q  commit prepared      B  abort prepared      R  running transactions
-- OFFSET 0, so that the kind is worked out once.
SELECT w.start_lsn, w.end_lsn, w.xid, w.description, w.block_ref,
       CASE w.resource_manager
         WHEN 'Heap' THEN CASE w.record_type
           WHEN 'HOT_UPDATE' THEN 'u' WHEN 'INSERT' THEN 'i' WHEN 'LOCK' THEN NULL WHEN 'DELETE' THEN 'd'
           WHEN 'UPDATE' THEN
             CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k'::"char" ELSE 'u' END
           WHEN 'INSERT+INIT' THEN 'i' WHEN 'HOT_UPDATE+INIT' THEN 'u' WHEN 'DELETE+INIT' THEN 'd'
           WHEN 'UPDATE+INIT' THEN
             CASE WHEN pg_catalog.strpos(w.description, 'KEYS_UPDATED') > 0 THEN 'k'::"char" ELSE 'u' END
           WHEN 'TRUNCATE' THEN 'T' WHEN 'INPLACE' THEN NULL WHEN 'HEAP_CONFIRM' THEN NULL
           ELSE 'o'::"char" END
         WHEN 'Btree' THEN NULL
         WHEN 'Transaction' THEN CASE w.record_type
           WHEN 'COMMIT' THEN 'C'::"char" WHEN 'ABORT' THEN 'A' WHEN 'PREPARE' THEN 'P'
           WHEN 'COMMIT_PREPARED' THEN 'Q' WHEN 'ABORT_PREPARED' THEN 'B'
           WHEN 'ASSIGNMENT' THEN NULL WHEN 'INVALIDATION' THEN NULL ELSE 'o' END
         WHEN 'Heap2' THEN CASE w.record_type
           WHEN 'PRUNE_ON_ACCESS' THEN NULL WHEN 'MULTI_INSERT' THEN 'm' WHEN 'MULTI_INSERT+INIT' THEN 'm'
           WHEN 'NEW_CID' THEN NULL WHEN 'VISIBLE' THEN NULL WHEN 'LOCK_UPDATED' THEN NULL WHEN 'REWRITE' THEN NULL
           WHEN 'PRUNE' THEN NULL WHEN 'PRUNE_VACUUM_SCAN' THEN NULL
           WHEN 'PRUNE_VACUUM_CLEANUP' THEN NULL WHEN 'VACUUM' THEN NULL WHEN 'FREEZE_PAGE' THEN NULL
           ELSE 'o'::"char" END
         -- A heap's page as an image and nothing else: pg_surgery, or a rewrite. A hint bit's image is FPI_FOR_HINT.
         WHEN 'XLOG' THEN CASE WHEN w.record_type = 'FPI' AND pg_catalog.strpos(w.block_ref, ' fork main ') > 0
                            THEN 'o'::"char" END
         WHEN 'Standby' THEN CASE w.record_type
           WHEN 'LOCK' THEN 'L'::"char" WHEN 'RUNNING_XACTS' THEN 'R' WHEN 'INVALIDATIONS' THEN NULL ELSE 'o' END
         WHEN 'Storage' THEN CASE w.record_type
           WHEN 'CREATE' THEN 'S'::"char" WHEN 'TRUNCATE' THEN NULL ELSE 'o' END
         WHEN 'Sequence' THEN 's'
         WHEN 'Gin' THEN NULL WHEN 'Gist' THEN NULL WHEN 'Hash' THEN NULL WHEN 'SPGist' THEN NULL
         WHEN 'BRIN' THEN NULL WHEN 'CLOG' THEN NULL WHEN 'MultiXact' THEN NULL WHEN 'RelMap' THEN NULL
         WHEN 'Database' THEN NULL WHEN 'Tablespace' THEN NULL WHEN 'CommitTs' THEN NULL
         WHEN 'ReplicationOrigin' THEN NULL WHEN 'LogicalMessage' THEN NULL
         ELSE 'o'::"char" END AS kind
  FROM egrow_ext.pg_get_wal_records_info($1::pg_lsn, $2::pg_lsn) AS w
OFFSET 0
