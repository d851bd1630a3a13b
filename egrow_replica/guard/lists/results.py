"""Columns that functions in FROM, and behind ``(f()).``, are known to have: those of every version from 15 to 18.

Only functions that return a row or name their one column are here; what is not here returns a plain value, as far as
the guard knows, and needs names of its own (``unnest(a) AS u (id)``).
"""

from __future__ import annotations

_COLUMNS = """
aclexplode: grantee grantor is_grantable privilege_type
json_array_elements json_array_elements_text jsonb_array_elements jsonb_array_elements_text: value
json_each json_each_text jsonb_each jsonb_each_text: key value
pg_control_checkpoint: checkpoint_lsn checkpoint_time full_page_writes newest_commit_ts_xid next_multi_offset
  next_multixact_id next_oid next_xid oldest_active_xid oldest_commit_ts_xid oldest_multi_dbid oldest_multi_xid
  oldest_xid oldest_xid_dbid prev_timeline_id redo_lsn redo_wal_file timeline_id
pg_control_init: blocks_per_segment bytes_per_wal_segment data_page_checksum_version database_block_size
  float8_pass_by_value large_object_chunk_size max_data_alignment max_identifier_length max_index_columns
  max_toast_chunk_size wal_block_size
pg_control_recovery: backup_end_lsn backup_start_lsn end_of_backup_record_required min_recovery_end_lsn
  min_recovery_end_timeline
pg_control_system: catalog_version_no pg_control_last_modified pg_control_version system_identifier
pg_get_publication_tables: attrs qual relid
pg_get_sequence_data: is_called last_value
pg_get_wal_records_info pg_get_wal_record_info: start_lsn end_lsn prev_lsn xid resource_manager record_type
  record_length main_data_length fpi_length description block_ref
pg_identify_object: identity name schema type
pg_identify_object_as_address: object_args object_names type
pg_last_committed_xact: roident timestamp xid
pg_options_to_table: option_name option_value
pg_partition_ancestors: relid
pg_partition_tree: isleaf level parentrelid relid
pg_sequence_parameters: cache_size cycle_option data_type increment maximum_value minimum_value start_value
pg_show_replication_origin_status: external_id local_id local_lsn remote_lsn
pg_xact_commit_timestamp_origin: roident timestamp
"""


def _results() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in _COLUMNS.replace("\n  ", " ").strip().splitlines():
        functions, columns = line.split(":")
        found |= dict.fromkeys(functions.split(), frozenset(columns.split()))
    return found


#: By the function's name, without its schema.
RESULTS: dict[str, frozenset[str]] = _results()
