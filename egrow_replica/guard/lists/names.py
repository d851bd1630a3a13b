"""Built-in types, operators, collations and sampling methods."""

from __future__ import annotations

from egrow_replica.guard.lists import words

#: Types whose input and output functions are the server's own. Domains and composites can run user code: not listed.
TYPES: frozenset[str] = words("""
aclitem bit bool box bpchar bytea char cid cidr circle date datemultirange daterange float4 float8 inet int2
int2vector int4 int4multirange int4range int8 int8multirange int8range interval json jsonb jsonpath line lseg
macaddr macaddr8 money name numeric nummultirange numrange oid oidvector path pg_lsn pg_snapshot point polygon
record refcursor regclass regcollation regconfig regdictionary regnamespace regoper regoperator regproc regprocedure
regrole regtype text tid time timestamp timestamptz timetz tsmultirange tsquery tsrange tstzmultirange tstzrange
tsvector txid_snapshot uuid varbit varchar xid xid8 xml
""")

#: Columns that every table has and no publication's filter reads.
SYSTEM_COLUMNS: frozenset[str] = words("tableoid ctid xmin xmax cmin cmax")

OPERATORS: frozenset[str] = words("""
!! !~ !~* !~~ !~~* # ## #- #> #>> % & && &< &<| &> * *< *<= *<> *= *> *>= + - -> ->> -|- / < <-> << <<= <<| <= <> <@
<^ = > >= >> >>= >^ ? ?# ?& ?- ?-| ?| ?|| @ @-@ @> @? @@ @@@ ^ ^@ | |&> |/ |>> || ||/ ~ ~* ~<=~ ~<~ ~= ~>=~ ~>~ ~~
~~* !=
""")

#: Collations that may stand without ``pg_catalog.``; the server's others may stand with it.
COLLATIONS: frozenset[str] = frozenset({"C", "POSIX", "default", "ucs_basic", "unicode", "pg_c_utf8", "C.UTF-8"})

SAMPLING: frozenset[str] = frozenset({"bernoulli", "system"})

#: Functions over any type whose other arguments take it: what stands there must say its own.
ANY_TYPE: frozenset[str] = words("""
array_append array_cat array_position array_positions array_prepend array_remove array_replace cume_dist dense_rank lag
lead percent_rank range_merge rank width_bucket
""")

#: Operators that there are over text, json and the like only: none of them takes any array, row or range.
OVER_BUILT_IN: frozenset[str] = words("~ ~* !~ !~* ~~ !~~ ~~* !~~* ^@ -> ->> #> #>> #- ? ?| ?& @? @@")
