"""Built-in functions, by what they can do.

Listed are functions that only compute, or only read catalogs, statistics and server state. Not listed, on purpose,
although they look harmless:

* ``pg_input_error_info``, ``json_populate_record`` and their kin read a value *into any type*, so they run the CHECK of
  a domain, which may call anything;
* ``ts_stat``, ``ts_rewrite``, ``query_to_xml``, ``table_to_xml``, ``cursor_to_xml`` … run SQL text;
* ``to_tsvector`` and friends run the dictionaries of a text search configuration;
* ``satisfies_hash_partition`` and ``pg_get_partition_constraintdef`` run functions of a partition key's operator class;
* ``pg_sequence_last_value`` locks the sequence;
* ``pg_stat_get_activity`` and its kin, ``pg_lock_status``, ``pg_prepared_xact``: what other sessions do is read from
  the views that are listed by name; ``pg_timezone_names``, ``pg_available_extensions``: files of the server, as these;
* ``xpath`` and ``xpath_exists``: nothing ends them (:mod:`egrow_replica.guard.lists.sizes`);
* everything about files, large objects, other sessions, settings, sequences, slots, WAL and statistics that does more
  than read.
"""

from __future__ import annotations

from egrow_replica.guard.lists import words

_AGGREGATES = """
array_agg avg bit_and bit_or bit_xor bool_and bool_or count corr covar_pop covar_samp every json_agg json_agg_strict
json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg jsonb_agg_strict
jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min any_value mode
percentile_cont percentile_disc range_agg range_intersect_agg regr_avgx regr_avgy regr_count regr_intercept regr_r2
regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg
cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number
"""

_ARRAYS_AND_SETS = """
array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
array_prepend array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_json
array_to_string array_upper cardinality generate_series generate_subscripts string_to_array string_to_table trim_array
unnest num_nonnulls num_nulls
isempty lower_inc lower_inf upper_inc upper_inf range_merge multirange int4range int8range numrange tsrange tstzrange
daterange int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange
"""

_JSON_AND_XML = """
json_array_elements json_array_elements_text json_array_length json_build_array json_build_object json_each
json_each_text json_extract_path json_extract_path_text json_object json_object_keys json_strip_nulls json_to_record
json_to_recordset json_typeof jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object
jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query
jsonb_path_query_array jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz
jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof row_to_json
to_json to_jsonb xmlcomment xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document
"""

_TEXT = """
ascii bit_count bit_length btrim casefold char_length character_length chr concat concat_ws convert convert_from
convert_to crc32 crc32c decode encode format get_bit get_byte initcap is_normalized left length like_escape
similar_escape similar_to_escape lower lpad ltrim md5 normalize octet_length overlay parse_ident position quote_ident
quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace
regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim set_bit set_byte
sha224 sha256 sha384 sha512 split_part starts_with strpos substr substring to_ascii to_bin to_hex to_oct translate
unicode_assigned unistr upper
array_to_tsvector numnode querytree setweight strip ts_delete ts_filter tsquery_phrase tsvector_to_array xmltext
"""

_NUMBERS = """
abs acos acosd acosh asin asind asinh atan atan2 atan2d atand atanh cbrt ceil ceiling cos cosd cosh cot cotd degrees div
erf erfc exp factorial floor gamma gcd lcm lgamma ln log log10 min_scale mod pi pow power radians random random_normal
round scale sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket to_number
area box center circle diagonal diameter height isclosed isopen line lseg npoints path pclose point polygon popen radius
slope width
ishorizontal isparallel isperp isvertical macaddr8_set7bit
abbrev broadcast family host hostmask inet_merge inet_same_family masklen netmask network set_masklen text
"""

_TIME = """
age clock_timestamp date date_add date_bin date_part date_subtract date_trunc extract isfinite justify_days
justify_hours justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps
statement_timestamp timeofday timezone to_char to_date to_timestamp transaction_timestamp
"""

#: Functions that carry the name of a type are casts to it.
_CASTS = """
bit bool bpchar bytea char cidr float4 float8 int2 int4 int8 interval macaddr macaddr8 money name
numeric oid regclass time timestamp timestamptz timetz varbit varchar xml
"""

_HASHES_AND_IMAGES = """
hash_array_extended hash_multirange_extended hash_numeric_extended hash_range_extended hash_record hash_record_extended
hashboolextended hashbpcharextended hashbyteaextended hashcharextended hashdateextended hashenumextended
hashfloat4extended hashfloat8extended hashinetextended hashint2extended hashint4extended hashint8 hashint8extended
hashmacaddr8extended hashmacaddrextended hashnameextended hashoidextended hashtext hashtextextended hashtidextended
interval_hash_extended jsonb_hash_extended pg_lsn_hash_extended time_hash_extended timestamp_hash_extended
timestamptz_hash_extended timetz_hash_extended uuid_hash_extended
array_send bit_send boolsend bpcharsend byteasend cash_send charsend cidr_send date_send enum_send float4send float8send
inet_send int2send int4send int8send interval_send json_send jsonb_send macaddr8_send macaddr_send namesend numeric_send
oidsend pg_lsn_send range_send record_send textsend time_send timestamp_send timestamptz_send timetz_send uuid_send
varbit_send varcharsend xml_send
record_image_eq record_image_ge record_image_gt record_image_le record_image_lt record_image_ne record_eq record_ne
enum_first enum_last enum_range gen_random_uuid uuidv4 uuidv7 uuid_extract_timestamp uuid_extract_version
"""

_CATALOG = """
acldefault aclexplode makeaclitem aclcontains col_description format_type has_any_column_privilege has_column_privilege
has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege
has_largeobject_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege
has_table_privilege has_tablespace_privilege has_type_privilege obj_description oidvectortypes
pg_basetype pg_collation_actual_version pg_collation_for
pg_collation_is_visible pg_column_compression pg_column_is_updatable pg_column_size pg_column_toast_chunk_id
pg_conversion_is_visible pg_database_collation_actual_version pg_database_size pg_describe_object pg_filenode_relation
pg_function_is_visible pg_get_acl pg_get_catalog_foreign_keys pg_get_constraintdef pg_get_expr
pg_get_function_arg_default pg_get_function_arguments pg_get_function_identity_arguments pg_get_function_result
pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef
pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index pg_get_ruledef
pg_get_sequence_data pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_has_role pg_identify_object
pg_identify_object_as_address pg_index_column_has_property pg_index_has_property pg_indexam_has_property
pg_indexes_size pg_is_other_temp_schema pg_my_temp_schema pg_opclass_is_visible pg_operator_is_visible
pg_opfamily_is_visible pg_options_to_table pg_partition_ancestors pg_partition_root pg_partition_tree
pg_relation_filenode pg_relation_filepath pg_relation_is_publishable pg_relation_is_updatable pg_relation_size
pg_sequence_parameters pg_size_bytes pg_size_pretty pg_statistics_obj_is_visible
pg_table_is_visible pg_table_size pg_tablespace_location pg_tablespace_size
pg_total_relation_size pg_trigger_depth pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible
pg_ts_template_is_visible pg_type_is_visible pg_typeof row_security_active shobj_description to_regclass
to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype
to_regtypemod
"""

_SERVER = """
current_database current_schema current_schemas current_setting current_user getdatabaseencoding
inet_client_addr inet_client_port inet_server_addr inet_server_port mxid_age pg_backend_pid pg_blocking_pids
pg_char_to_encoding pg_client_encoding pg_conf_load_time pg_control_checkpoint pg_control_init pg_control_recovery
pg_control_system pg_current_snapshot pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
pg_current_xact_id_if_assigned pg_encoding_max_length pg_encoding_to_char pg_get_multixact_members
pg_get_wal_replay_pause_state pg_get_wal_resource_managers pg_is_in_recovery
pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact pg_last_wal_receive_lsn pg_last_wal_replay_lsn
pg_last_xact_replay_timestamp pg_listening_channels pg_lsn pg_postmaster_start_time
pg_replication_origin_oid pg_replication_origin_progress pg_replication_origin_session_is_setup
pg_safe_snapshot_blocking_pids pg_settings_get_flags pg_show_replication_origin_status
pg_snapshot_xip pg_snapshot_xmax pg_snapshot_xmin pg_split_walfile_name
pg_visible_in_snapshot pg_wal_lsn_diff pg_walfile_name pg_walfile_name_offset pg_xact_commit_timestamp
pg_xact_commit_timestamp_origin pg_xact_status session_user system_user txid_current_if_assigned
txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin txid_status txid_visible_in_snapshot
version icu_unicode_version unicode_version
"""

_STATISTICS = """
pg_stat_clear_snapshot pg_stat_get_analyze_count
pg_stat_get_autoanalyze_count pg_stat_get_autovacuum_count

pg_stat_get_blocks_fetched
pg_stat_get_blocks_hit pg_stat_get_db_active_time pg_stat_get_db_blk_read_time pg_stat_get_db_blk_write_time
pg_stat_get_db_blocks_fetched pg_stat_get_db_blocks_hit pg_stat_get_db_checksum_failures
pg_stat_get_db_checksum_last_failure pg_stat_get_db_conflict_all pg_stat_get_db_conflict_bufferpin
pg_stat_get_db_conflict_lock pg_stat_get_db_conflict_logicalslot pg_stat_get_db_conflict_snapshot
pg_stat_get_db_conflict_startup_deadlock pg_stat_get_db_conflict_tablespace pg_stat_get_db_deadlocks
pg_stat_get_db_idle_in_transaction_time pg_stat_get_db_numbackends pg_stat_get_db_parallel_workers_launched
pg_stat_get_db_parallel_workers_to_launch pg_stat_get_db_session_time pg_stat_get_db_sessions
pg_stat_get_db_sessions_abandoned pg_stat_get_db_sessions_fatal pg_stat_get_db_sessions_killed
pg_stat_get_db_stat_reset_time pg_stat_get_db_temp_bytes pg_stat_get_db_temp_files pg_stat_get_db_tuples_deleted
pg_stat_get_db_tuples_fetched pg_stat_get_db_tuples_inserted pg_stat_get_db_tuples_returned
pg_stat_get_db_tuples_updated pg_stat_get_db_xact_commit pg_stat_get_db_xact_rollback pg_stat_get_dead_tuples
pg_stat_get_function_calls pg_stat_get_function_self_time pg_stat_get_function_total_time pg_stat_get_ins_since_vacuum
pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time pg_stat_get_last_autovacuum_time
pg_stat_get_last_vacuum_time pg_stat_get_lastscan pg_stat_get_live_tuples pg_stat_get_mod_since_analyze
pg_stat_get_numscans
pg_stat_get_snapshot_timestamp pg_stat_get_total_analyze_time
pg_stat_get_total_autoanalyze_time pg_stat_get_total_autovacuum_time pg_stat_get_total_vacuum_time
pg_stat_get_tuples_deleted pg_stat_get_tuples_fetched pg_stat_get_tuples_hot_updated pg_stat_get_tuples_inserted
pg_stat_get_tuples_newpage_updated pg_stat_get_tuples_returned pg_stat_get_tuples_updated pg_stat_get_vacuum_count
pg_stat_get_wal pg_stat_get_xact_blocks_fetched
pg_stat_get_xact_blocks_hit pg_stat_get_xact_function_calls pg_stat_get_xact_function_self_time
pg_stat_get_xact_function_total_time pg_stat_get_xact_numscans pg_stat_get_xact_tuples_deleted
pg_stat_get_xact_tuples_fetched pg_stat_get_xact_tuples_hot_updated pg_stat_get_xact_tuples_inserted
pg_stat_get_xact_tuples_newpage_updated pg_stat_get_xact_tuples_returned pg_stat_get_xact_tuples_updated
pg_stat_have_stats
"""

#: Allowed wherever an expression may stand, under every policy.
HARMLESS: frozenset[str] = words(
    " ".join(
        (
            _AGGREGATES,
            _ARRAYS_AND_SETS,
            _JSON_AND_XML,
            _TEXT,
            _NUMBERS,
            _TIME,
            _CASTS,
            _HASHES_AND_IMAGES,
            _CATALOG,
            _SERVER,
            _STATISTICS,
        )
    )
)

#: The schema that ``setup`` puts the extension pg_walinspect into, and its readers.
WAL_SCHEMA = "egrow_ext"
WAL_READERS: frozenset[str] = frozenset(
    {"pg_get_wal_record_info", "pg_get_wal_records_info", "pg_get_wal_block_info", "pg_get_wal_stats"}
)

#: Functions that ``setup`` may let the controller's roles execute.
GRANTED: frozenset[str] = words("""
pg_control_checkpoint pg_control_init pg_control_recovery pg_control_system pg_replication_origin_create
pg_replication_origin_drop pg_replication_origin_oid pg_replication_origin_progress
pg_replication_origin_session_is_setup pg_replication_origin_session_reset pg_replication_origin_session_setup
pg_show_replication_origin_status pg_stat_reset_replication_slot
""")
