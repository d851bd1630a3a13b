"""What a row filter may call: functions that are immutable for some types of arguments in PostgreSQL 15 to 18.

Whether they are for the types of a filter's columns is the server's to say (``date_trunc`` is for ``timestamp``, not
for ``timestamptz``): it takes no other into a publication. Made from ``pg_proc`` and held against it by
``tests/differential/test_filters.py``.
"""

from __future__ import annotations

from egrow_replica.guard.lists import words

IMMUTABLE: frozenset[str] = words("""
abbrev abs aclcontains acldefault acos acosd acosh age area array_append array_cat array_dims array_fill array_length
array_lower array_ndims array_position array_positions array_prepend array_remove array_replace array_reverse
array_sort array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh bit bit_count bit_length
bit_send bool boolsend box bpchar broadcast btrim bytea byteasend cardinality casefold cash_send cbrt ceil ceiling
center char char_length character_length charsend chr cidr cidr_send circle cos cosd cosh cot cotd crc32 crc32c date
date_add date_bin date_part date_send date_subtract date_trunc datemultirange daterange decode degrees diagonal
diameter div encode erf erfc exp extract factorial family float4 float4send float8 float8send floor gamma gcd get_bit
get_byte hash_array_extended hash_multirange_extended hash_numeric_extended hash_range_extended hash_record
hash_record_extended hashboolextended hashbpcharextended hashbyteaextended hashcharextended hashdateextended
hashenumextended hashfloat4extended hashfloat8extended hashinetextended hashint2extended hashint4extended hashint8
hashint8extended hashmacaddr8extended hashmacaddrextended hashnameextended hashoidextended hashtext hashtextextended
hashtidextended height host hostmask inet_merge inet_same_family inet_send initcap int2 int2send int4 int4multirange
int4range int4send int8 int8multirange int8range int8send interval interval_hash_extended interval_send is_normalized
isclosed isempty isfinite ishorizontal isopen isparallel isperp isvertical json_array_length json_extract_path
json_extract_path_text json_object json_send json_strip_nulls json_typeof jsonb_array_length jsonb_extract_path
jsonb_extract_path_text jsonb_hash_extended jsonb_insert jsonb_object jsonb_path_exists jsonb_path_match
jsonb_path_query_array jsonb_path_query_first jsonb_pretty jsonb_send jsonb_set jsonb_set_lax jsonb_strip_nulls
jsonb_typeof justify_days justify_hours justify_interval lcm left length lgamma like_escape line ln log log10 lower
lower_inc lower_inf lpad lseg ltrim macaddr macaddr8 macaddr8_send macaddr8_set7bit macaddr_send make_date
make_interval make_time make_timestamp makeaclitem masklen md5 min_scale mod multirange name netmask network normalize
npoints num_nonnulls num_nulls numeric numeric_send nummultirange numnode numrange octet_length oid oidsend overlaps
overlay parse_ident path pclose pg_encoding_max_length pg_lsn pg_lsn_hash_extended pg_lsn_send pg_partition_root
pg_size_bytes pg_size_pretty pg_snapshot_xmax pg_snapshot_xmin pg_visible_in_snapshot pg_wal_lsn_diff pg_walfile_name
pg_walfile_name_offset pi point polygon popen position pow power querytree quote_ident quote_literal quote_nullable
radians radius range_merge record_eq record_image_eq record_image_ge record_image_gt record_image_le record_image_lt
record_image_ne record_ne regexp_count regexp_instr regexp_like regexp_match regexp_replace regexp_split_to_array
regexp_substr repeat replace reverse right round rpad rtrim scale set_bit set_byte set_masklen setweight sha224 sha256
sha384 sha512 sign similar_escape similar_to_escape sin sind sinh slope split_part sqrt starts_with string_to_array
strip strpos substr substring tan tand tanh text time time_hash_extended time_send timestamp timestamp_hash_extended
timestamp_send timestamptz timestamptz_hash_extended timestamptz_send timetz timetz_hash_extended timetz_send timezone
to_ascii to_bin to_hex to_oct to_timestamp translate trim_array trim_scale trunc ts_delete ts_filter tsmultirange
tsquery_phrase tsrange tstzmultirange tstzrange tsvector_to_array txid_snapshot_xmax txid_snapshot_xmin
txid_visible_in_snapshot unicode_assigned unistr upper upper_inc upper_inf uuid_extract_timestamp uuid_extract_version
uuid_hash_extended uuid_send varbit varbit_send varchar width width_bucket xml_is_well_formed_content
xml_is_well_formed_document xmlcomment xmltext
""")
