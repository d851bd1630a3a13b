"""What nothing ends: neither a statement time-out nor ``pg_terminate_backend``, until it is done.

Each was run on PostgreSQL 15 and 18 with arguments of some 100,000 signs or elements under ``statement_timeout = 300``
and went on, most of them for minutes: loops over two arguments that never look whether they are to stop. They are
allowed where one of the two is small by what the text says, so that time grows with the other alone.
"""

from __future__ import annotations

from egrow_replica.guard.lists import words

#: The longest constant, in signs, and the most elements of an ARRAY that count as small.
SMALL, FEW = 1_000, 100
#: How long a text, or how large an array, may become by a number that is given.
MOST = 100_000

#: Arguments that have to be small, by position: what is looked for, trimmed, translated, composed or parsed.
MEASURED: dict[str, tuple[int, ...]] = {
    "btrim": (1,), "ltrim": (1,), "rtrim": (1,), "translate": (1, 2),
    "position": (1,), "strpos": (1,), "replace": (1,), "split_part": (1,), "string_to_array": (1,),
    "string_to_table": (1,), "normalize": (0,), "is_normalized": (0,), "like_escape": (0,),
    "to_regtype": (0,), "to_regtypemod": (0,), "to_regprocedure": (0,), "to_regoperator": (0,),
    "has_type_privilege": (0, 1), "has_function_privilege": (0, 1),
    "xml": (0,), "xml_is_well_formed": (0,), "xml_is_well_formed_content": (0,), "xml_is_well_formed_document": (0,),
}  # fmt: skip

#: Numbers that make something large: constants up to ``MOST``.
COUNTED: dict[str, tuple[int, ...]] = {
    "repeat": (1,), "lpad": (1,), "rpad": (1,), "bit": (1,), "bpchar": (1,), "varbit": (1,), "varchar": (1,),
    "polygon": (0,),
}  # fmt: skip

#: Operators that go over both operands: arrays, jsonb and shapes in each other, paths' distance. A pattern of LIKE is
#: the right one.
OVER_BOTH: frozenset[str] = words("&& @> <@ <-> ?# ~= ?| ?&")
PATTERNS: frozenset[str] = words("~~ !~~ ~~* !~~*")

#: Types whose input parses a text as SQL or XML does.
PARSED: frozenset[str] = words("regtype regprocedure regoperator xml")

#: Types whose values are small whatever they are made from.
FIXED: frozenset[str] = words("""
char date float4 float8 inet int2 int4 int8 interval macaddr macaddr8 money name oid pg_lsn regclass
regcollation regconfig regdictionary regnamespace regoper regproc regrole tid time timestamp timestamptz timetz uuid xid
xid8
int4range int8range numrange daterange tsrange tstzrange point box circle line lseg bool
""")

#: Functions that take a jsonpath, by its position.
PATHS: dict[str, int] = dict.fromkeys(
    words("""
jsonb_path_exists jsonb_path_exists_tz jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array
jsonb_path_query_array_tz jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz
"""),
    1,
)

#: Functions whose result is about as large as their arguments together.
ADDING: frozenset[str] = words("""
daterange int4range int8range like_escape lower numrange similar_escape similar_to_escape tsrange tstzrange upper
""")
