"""The rows that leave dev: one pass over its table, however many they are."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from struct import Struct

from egrow_replica.catalog import ContentTable
from egrow_replica.content.compare import COPY_HEADER_BYTES, TableDifference, bits, hash_parts
from egrow_replica.db import Composed, Door, Literal, columns, int8_array, query
from egrow_replica.errors import StatementFailed

#: Key hashes that a COPY names: with sign and comma three words each, and the guard reads no text of 20,000.
KEYS_NAMED = 6_000
#: More keys than a statement names are marked by bits: so many for each, that few rows leave dev for nothing.
_BITS_A_KEY = 16
#: In hexadecimal digits half of what the guard reads at most.
_MAX_BITS = 1 << 21

#: How a row with its key's hash in front begins: number of fields, length and value of the first
#: (postgresql.org/docs/18/sql-copy.html, "Binary Format").
_MARKED = Struct(">hiq")
_COUNT = Struct(">h")
_END = -1


def rows_from_dev(dev: Door, table: ContentTable, seed: int, difference: TableDifference) -> Iterator[bytes]:
    """The rows that differ, as binary COPY; where most of the table differs, all of them."""
    blocks = dev.copy_out(copy_statement(table, seed, difference))
    if _is_marked(difference):
        return _wanted(blocks, difference.from_dev, len(table.columns))
    return blocks


def copy_statement(table: ContentTable, seed: int, difference: TableDifference) -> Composed:
    """What :func:`rows_from_dev` sends."""
    parts = hash_parts(table, seed, filtered=True)
    del parts["row_hash"]
    parts["columns"] = columns(table.column_names, "t")
    if difference.wanted <= KEYS_NAMED:
        return query("content/copy_rows_out", key_hashes=Literal(int8_array(difference.from_dev)), **parts)
    if _is_marked(difference):
        mask = _mask(difference.wanted)
        marks = bits({key & mask for key in difference.from_dev}, mask)
        return query("content/copy_marked_out", marks=Literal(marks), mask=Literal(str(mask)), **parts)
    del parts["key_hash"]
    return query("content/copy_table_out", **parts)


def _is_marked(difference: TableDifference) -> bool:
    return difference.wanted > KEYS_NAMED and 2 * difference.wanted < difference.dev_rows


def _mask(keys: int) -> int:
    count = 8
    while count < _MAX_BITS and count < _BITS_A_KEY * keys:
        count *= 2
    return count - 1


def _wanted(blocks: Iterator[bytes], keys: array[int], fields: int) -> Iterator[bytes]:
    """Of marked rows those with one of the keys, without the mark.

    A server sends each row as a message of its own, COPY's header before the first (protocol-flow.html, "COPY
    Operations").

    :raises StatementFailed: it has not.
    """
    count = _COUNT.pack(fields)
    first = next(blocks, b"")
    yield first[:COPY_HEADER_BYTES]
    for row in _and_rest(first[COPY_HEADER_BYTES:], blocks):
        if len(row) == _COUNT.size and _COUNT.unpack(row)[0] == _END:
            yield row
            return
        number, size, key = _MARKED.unpack_from(row)
        if number != fields + 1 or size != 8:
            raise StatementFailed("dev sent rows in pieces that cannot be told apart", sqlstate="08P01")
        at = bisect_left(keys, key)
        if at < len(keys) and keys[at] == key:
            yield count + row[_MARKED.size :]


def _and_rest(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from blocks
