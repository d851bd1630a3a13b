"""The server's own relations that may be read: nothing in them locks, runs a user's code or opens a server's file.

Left out on purpose: ``pg_sequences`` (locks every sequence that it shows), ``pg_statistic`` and its views (users'
values, printed by their types), ``pg_largeobject``, ``pg_user_mapping``, ``pg_hba_file_rules``,
``pg_ident_file_mappings``, ``pg_file_settings``, ``pg_config`` (files), ``pg_backend_memory_contexts``,
``pg_shmem_allocations``, ``pg_cursors`` and what else shows the inside of sessions. What somebody needs and is not here
is added by its name.
"""

from __future__ import annotations

from egrow_replica.guard.lists import words

_CATALOGS = """
pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid pg_cast pg_class pg_collation
pg_constraint pg_conversion pg_database pg_db_role_setting pg_default_acl pg_depend pg_description pg_enum
pg_event_trigger pg_extension pg_foreign_data_wrapper pg_foreign_server pg_foreign_table pg_index pg_inherits
pg_init_privs pg_language pg_namespace pg_opclass pg_operator pg_opfamily pg_parameter_acl pg_partitioned_table
pg_policy pg_proc pg_publication pg_publication_namespace pg_publication_rel pg_range pg_replication_origin pg_rewrite
pg_seclabel pg_sequence pg_shdepend pg_shdescription pg_shseclabel pg_statistic_ext pg_subscription
pg_subscription_rel pg_tablespace pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser
pg_ts_template pg_type
"""

_VIEWS = """
pg_available_extensions pg_group pg_indexes pg_locks pg_matviews pg_policies pg_prepared_xacts pg_publication_tables
pg_replication_slots pg_roles pg_rules pg_settings pg_stat_activity pg_stat_all_indexes pg_stat_all_tables
pg_stat_archiver pg_stat_bgwriter pg_stat_database pg_stat_replication pg_stat_replication_slots pg_stat_ssl
pg_stat_subscription pg_stat_subscription_stats pg_stat_user_indexes pg_stat_user_tables pg_stat_wal
pg_stat_xact_all_tables pg_stat_xact_user_tables pg_statio_all_tables pg_statio_user_tables pg_tables pg_views
"""

#: Schemas of the server; in others stands what somebody has made.
SYSTEM_SCHEMAS: frozenset[str] = frozenset({"pg_catalog", "information_schema", "pg_toast"})

CATALOGS: frozenset[str] = words(_CATALOGS + _VIEWS)
