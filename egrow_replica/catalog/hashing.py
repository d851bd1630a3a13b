"""How a row is hashed so that everything a person could see counts, and two servers of different versions agree.

``hash_record_extended(t.*)`` would be shorter and wrong: equality of a type hides what its text shows (``1.0`` and
``1.00``, ``0`` and ``-0``, a citext's case), enums are hashed by oid, and many types have no hash function at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from egrow_replica.catalog.tables import Column
from egrow_replica.db.expressions import (
    Expression,
    builtin,
    bytewise,
    cast,
    coalesce,
    constant,
    differ,
    null,
    record,
    shifted_right,
    value_of,
    when,
)

#: Types whose own hash tells apart whatever their text tells apart, and is the same on every server.
_PLAIN = frozenset(["int2", "int4", "bool", "uuid", "date", "bytea", "inet", "cidr", "macaddr", "oid", "char"])
#: Strings: by their bytes, whatever the column's collation.
_STRINGS = frozenset(["text", "varchar", "name"])
#: Types whose equality hides a visible difference that their binary form shows; and those of 64 bits, because
#: ``hashint8`` folds them to 32, so that whatever the seed 0 hashes as 4294967297 does. No binary form of a string:
#: that is in the client's encoding, which a parallel worker does not know.
_SENT = {
    "int8": "int8send",
    "time": "time_send",
    "timetz": "timetz_send",
    "timestamp": "timestamp_send",
    "timestamptz": "timestamptz_send",
    "pg_lsn": "pg_lsn_send",
    "numeric": "numeric_send",
    "float4": "float4send",
    "float8": "float8send",
    "interval": "interval_send",
    # The text of money depends on lc_monetary, that of "char" on the server's version.
    "money": "cash_send",
    "_money": "array_send",
    "_char": "array_send",
}
#: Types for which a cast to text may be another thing than what is shown: it cuts a bpchar's trailing blanks off, and
#: the owner of a type of one's own can make it anything. concat takes the type's output function.
_SHOWN = frozenset(["bpchar", ""])


def value_expression(column: Column, alias: str) -> Expression:
    """The expression under which a column's value enters a row's hash."""
    value = value_of(alias, column.name)
    if column.base_type in _PLAIN:
        return value
    if column.base_type in _STRINGS:
        return bytewise(value)
    if column.base_type in _SENT:
        return builtin(_SENT[column.base_type], value)
    if column.base_type in _SHOWN:
        # Not IS NOT NULL, which asks a composite's fields. concat alone would make NULL an empty string.
        return bytewise(when(differ(value, null()), builtin("concat", value)))
    return bytewise(cast(value, "text"))


#: Types whose equality ignores what can be seen, by how values that are equal look the same. What else ignores
#: something is left to differ: equal keys of a type of one's own, or under a collation that ignores case.
_AS_KEY: dict[str, Callable[[Expression], Expression]] = {
    "numeric": lambda value: builtin("numeric_send", builtin("trim_scale", value)),
    "float4": lambda value: value,
    "float8": lambda value: value,
    "interval": lambda value: value,
    "bpchar": lambda value: bytewise(cast(value, "text")),
    # Only ASCII's letters: how others are folded depends on the server.
    "citext": lambda value: builtin("lower", bytewise(cast(value, "text"))),
}


def key_expression(column: Column, alias: str) -> Expression:
    """As :func:`value_expression` for a column that tells rows apart: alike where the server's ``=`` holds.

    Keys that are equal are one row to the server and to replication, whatever they look like: ``1.0`` and ``1.00``.
    """
    # Of another schema, the type's name is qualified (format_type in format_type.c).
    base = column.base_type or column.type.rpartition(".")[2]
    if base in _AS_KEY:
        return _AS_KEY[base](value_of(alias, column.name))
    return value_expression(column, alias)


def can_be_respelled(columns: Iterable[Column]) -> bool:
    """Whether two keys of these columns can be equal and look different."""
    return any(key_expression(one, "t") != value_expression(one, "t") for one in columns)


def key_hash(columns: Iterable[Column], alias: str, seed: int) -> Expression:
    """A 64-bit hash (int8) of a row's key, from its key's columns; equal keys hash alike."""
    return _hash([key_expression(column, alias) for column in columns], seed)


#: Neighbouring whole numbers share a bucket: rows that were added one after the other lie beside each other, so their
#: bucket's sum is in the processor's cache, and rows that were edited together differ in few buckets. A power of two.
_NEIGHBOURS_BITS = 6
_WHOLE = frozenset(["int2", "int4", "int8"])
_STRING_KEYS = _STRINGS | {"bpchar"}


def bucket_hash(columns: Iterable[Column], alias: str, seed: int) -> Expression:
    """A cheaper hash (int8) of a row's key, to spread rows with; keys that differ may hash alike, equal ones do."""
    key = tuple(columns)
    last_whole = max((at for at, one in enumerate(key) if one.base_type in _WHOLE), default=None)
    values = [
        _neighbourhood(one, alias) if at == last_whole else key_expression(one, alias) for at, one in enumerate(key)
    ]
    hashed = _record(values, seed)
    if len(key) == 1:  # without a record it costs half
        if key[0].base_type in _WHOLE:
            hashed = builtin("hashint8extended", *values, _seed(seed))
        elif key[0].base_type in _STRING_KEYS:
            hashed = builtin("hashtextextended", *values, _seed(seed))
    # A key is never NULL. Were it, its row would have to be in a bucket all the same.
    return coalesce(hashed, constant(0))


def _neighbourhood(column: Column, alias: str) -> Expression:
    return cast(shifted_right(value_of(alias, column.name), _NEIGHBOURS_BITS), "int8")


def row_hash(columns: Iterable[Column], alias: str, seed: int, *, keys: Collection[str] = ()) -> Expression:
    """A 64-bit hash (int8) over the columns of one row.

    :param keys: columns that count as keys do: equal is the same.
    :param seed: drawn for the window, so that nobody can prepare two rows that hash alike.
    """
    return _hash([(key_expression if one.name in keys else value_expression)(one, alias) for one in columns], seed)


#: How many values are hashed as one record at most. ``hash_record_extended`` adds the hashes of its columns, each times
#: a power of 31 (rowtypes.c), so values that exchange places go unseen, whatever the seed, where such powers add up and
#: cancel to nothing modulo 2^64. Of this many none do; among 44 columns there is a way.
RECORD_COLUMNS = 24


def _hash(values: Sequence[Expression], seed: int) -> Expression:
    """The hash of a record.

    Hashed twice, because ``hash_record_extended`` is a sum: in one over rows, two that exchange a value would not show.
    """
    parts = [values[at : at + RECORD_COLUMNS] for at in range(0, len(values), RECORD_COLUMNS)]
    if len(parts) <= 1:
        return _record([_sent(_record(values, seed))], seed)
    return _hash([_sent(_record(part, seed + number)) for number, part in enumerate(parts, 1)], seed)


def _sent(value: Expression) -> Expression:
    """The bytes of an int8: ``hashint8`` folds it to 32 bits."""
    return builtin("int8send", value)


def _record(values: Iterable[Expression], seed: int) -> Expression:
    return builtin("hash_record_extended", record(values), _seed(seed))


def _seed(seed: int) -> Expression:
    return cast(constant(str(int(seed))), "int8")
