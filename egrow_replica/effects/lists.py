"""What is known to be harmless beside :mod:`egrow_replica.guard.lists`. Whatever is in no list is refused."""

from __future__ import annotations

from egrow_replica.guard.lists import words
from egrow_replica.guard.lists.functions import HARMLESS, WAL_SCHEMA

#: The schema that ``setup`` makes for extensions.
EXTENSION_SCHEMA = WAL_SCHEMA

#: Full text search: harmless where every template of a dictionary is known .
TEXT_SEARCH: frozenset[str] = words("""
json_to_tsvector jsonb_to_tsvector numnode phraseto_tsquery plainto_tsquery querytree setweight strip to_tsquery
to_tsvector ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd tsquery_phrase tsvector_to_array
array_to_tsvector tsvector_update_trigger tsvector_update_trigger_column websearch_to_tsquery get_current_ts_config
""")

#: They read a sequence; moving one is never harmless in a function.
_READERS = words("currval lastval")

#: Built-in functions that write no table, whatever their arguments.
BUILTIN: frozenset[str] = HARMLESS | TEXT_SEARCH | _READERS

#: Built-in functions that write no table, but do something that others notice: each makes a warning.
ACTING: frozenset[str] = words("""
pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared pg_advisory_xact_lock
pg_advisory_xact_lock_shared pg_notify pg_sleep pg_sleep_for pg_sleep_until pg_try_advisory_lock
pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
""")

#: Built-in trigger functions that write no table. Those that carry out a foreign key's action are judged as such.
TRIGGERS: frozenset[str] = words("""
RI_FKey_check_ins RI_FKey_check_upd RI_FKey_noaction_del RI_FKey_noaction_upd RI_FKey_restrict_del
RI_FKey_restrict_upd suppress_redundant_updates_trigger tsvector_update_trigger tsvector_update_trigger_column
unique_key_recheck
""")

#: Those of foreign keys' checks, and whether they look at the table that is referred to, and lock its row.
KEY_CHECKS: dict[str, bool] = {
    **dict.fromkeys(("RI_FKey_check_ins", "RI_FKey_check_upd"), True),
    **dict.fromkeys(
        ("RI_FKey_noaction_del", "RI_FKey_noaction_upd", "RI_FKey_restrict_del", "RI_FKey_restrict_upd"), False
    ),
}

#: Built-in trigger functions that do what the foreign key says: judged with the foreign keys.
ACTIONS: frozenset[str] = words("""
RI_FKey_cascade_del RI_FKey_cascade_upd RI_FKey_setdefault_del RI_FKey_setdefault_upd RI_FKey_setnull_del
RI_FKey_setnull_upd
""")

#: Libraries of C functions that only compute, and the extension that brings each.
LIBRARIES: dict[str, str] = {"_int": "intarray"} | {
    name: name
    for name in words("""
        btree_gin btree_gist citext cube dict_int dict_xsyn earthdistance fuzzystrmatch hstore isn ltree pg_trgm
        pgcrypto seg unaccent uuid-ossp vector moddatetime
    """)
}

#: What user-made functions of language internal may be: another name for a built-in that only computes.
INTERNAL: frozenset[str] = words("""
booltext btint8cmp hashint8 int8eq int8ge int8gt int8le int8lt int8ne network_show rtrim1 texticlike texticnlike
texticregexeq texticregexne textin textout textrecv textsend
""")

#: Functions of these libraries that reach further: into any type, and so into its domain's CHECK.
NOT_COMPUTING: frozenset[str] = words("hstore_populate_record hstore_from_record")

#: Libraries whose types, and their operators in indexes, only compute; others of their functions may run SQL.
TYPE_LIBRARIES: dict[str, str] = LIBRARIES | {"postgis-3": "postgis"}

#: Built-in functions that are written in SQL: replaced in place, their text runs, while a compiled function is called
#: whatever the catalog says of it.
WRITTEN_IN_SQL: frozenset[str] = words("""
age anytextcat bit_length col_description date_part int8pl_inet integer_pl_date interval_pl_date interval_pl_time
interval_pl_timestamp interval_pl_timestamptz interval_pl_timetz log log10 lpad numeric_pl_pg_lsn obj_description
overlaps path_contain_pt pg_relation_size pg_sleep_for pg_sleep_until polygon quote_literal quote_nullable round rpad
shobj_description substring textanycat timedate_pl timestamptz timetzdate_pl trunc ts_debug xpath xpath_exists
""")
