-- Have all WAL flushed that is written by now, other sessions' too: only that can be read. A commit flushes it, if it is
-- of a transaction with an id and a record; a message is a record that changes nothing. 17 has a simpler way, 15 only this.
SELECT pg_catalog.pg_logical_emit_message(true, 'egrow-replica', '')
