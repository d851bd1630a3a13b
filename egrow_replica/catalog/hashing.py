"""How a row is hashed so that everything a person could see counts, and two servers of different versions agree.

``hash_record_extended(t.*)`` would be shorter and wrong: equality of a type hides what its text shows (``1.0`` and
``1.00``, ``0`` and ``-0``, a citext's case), enums are hashed by oid, and many types have no hash function at all.
"""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog.tables import Column
from egrow_replica.db import SQL, Composed, Identifier, Literal

#: Types whose own hash tells apart whatever their text tells apart, and is the same on every server.
_PLAIN = frozenset(
    (
        *("int2", "int4", "int8", "bool", "uuid", "date", "time", "timetz", "timestamp", "timestamptz"),
        *("bytea", "inet", "cidr", "macaddr", "oid", "pg_lsn", "xid8", "char"),
    )
)
#: Strings: by their bytes, whatever the column's collation.
_STRINGS = frozenset(["text", "varchar", "name"])
#: Types whose equality hides a visible difference that their binary form shows.
_SENT = {
    "numeric": SQL("pg_catalog.numeric_send"),
    "float4": SQL("pg_catalog.float4send"),
    "float8": SQL("pg_catalog.float8send"),
    "interval": SQL("pg_catalog.interval_send"),
    "bpchar": SQL("pg_catalog.bpcharsend"),
}


def value_expression(column: Column, alias: str) -> Composed:
    """The expression under which a column's value enters a row's hash."""
    name = Identifier(alias, column.name)
    if column.base_type in _PLAIN:
        return SQL("{}").format(name)
    if column.base_type in _STRINGS:
        return SQL('{} COLLATE pg_catalog."C"').format(name)
    if column.base_type in _SENT:
        return SQL("{}({})").format(_SENT[column.base_type], name)
    return SQL('{}::pg_catalog.text COLLATE pg_catalog."C"').format(name)


def row_hash(columns: Iterable[Column], alias: str, seed: int) -> Composed:
    """A 64-bit hash (int8) over the columns of one row.

    :param seed: drawn for the window, so that nobody can prepare two rows that hash alike.
    """
    values = SQL(", ").join(value_expression(column, alias) for column in columns)
    return SQL("pg_catalog.hash_record_extended(ROW({}), {}::pg_catalog.int8)").format(values, Literal(str(int(seed))))
