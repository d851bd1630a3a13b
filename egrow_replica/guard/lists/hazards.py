"""Names that turn a column reference into a call.

PostgreSQL reads ``s.f`` and ``(expr).f`` as ``f(s)`` where there is no column ``f``: ``SELECT s.lo_unlink FROM
unnest(ids) AS s`` removes large objects without a function call in the parse tree. What is no row is refused whatever
the name (:mod:`egrow_replica.guard.rules.columns`); rows are left, and so what takes any row. Listed are also the
built-in functions of PostgreSQL 15 to 18 that one argument can call, that are not immutable and that :mod:`functions`
does not allow; and what shipped extensions put into ``pg_catalog``: adminpack (up to 16) and the validators of
languages, which compile.
"""

from __future__ import annotations

from egrow_replica.guard.lists import words

_PREFIXES = ("binary_upgrade_",)
_SUFFIXES = ("_validator",)

_NAMES: frozenset[str] = words("""
any_out anycompatible_out anycompatiblenonarray_out anyelement_out anynonarray_out record_out
pg_get_partition_constraintdef pg_sequence_last_value
amvalidate brin_summarize_new_values currval gin_clean_pending_list lo_close lo_creat lo_create lo_get lo_import
lo_tell lo_tell64 lo_unlink nextval pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock
pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_backup_start pg_backup_stop
pg_cancel_backend pg_create_physical_replication_slot pg_create_restore_point pg_current_logfile
pg_drop_replication_slot pg_extension_update_paths pg_file_rename pg_file_sync pg_file_unlink pg_file_write
pg_import_system_collations pg_log_backend_memory_contexts pg_logical_slot_get_binary_changes
pg_logical_slot_get_changes pg_logical_slot_peek_binary_changes pg_logical_slot_peek_changes pg_ls_dir
pg_ls_replslotdir pg_ls_tmpdir pg_mcv_list_items pg_promote pg_read_binary_file pg_read_file
pg_replication_origin_create pg_replication_origin_drop pg_replication_origin_session_progress
pg_replication_origin_session_setup pg_restore_attribute_stats pg_restore_relation_stats pg_sleep pg_sleep_for
pg_sleep_until pg_stat_file pg_stat_reset_backend_stats pg_stat_reset_replication_slot pg_stat_reset_shared
pg_stat_reset_single_function_counters pg_stat_reset_single_table_counters pg_stat_reset_slru
pg_stat_reset_subscription_stats pg_terminate_backend pg_try_advisory_lock pg_try_advisory_lock_shared
pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared phraseto_tsquery plainto_tsquery setseed to_tsquery
to_tsvector ts_debug ts_stat ts_token_type websearch_to_tsquery
""")


def may_be_a_call(column: str) -> bool:
    """Whether a column of this name, where there is none, would become a call of something not allowed."""
    return column in _NAMES or column.startswith(_PREFIXES) or column.endswith(_SUFFIXES)
