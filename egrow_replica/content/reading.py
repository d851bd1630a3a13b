"""Rows by the hash of their key, as a person reads them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from egrow_replica.catalog import ContentTable, key_hash
from egrow_replica.content.compare import estimated_rows, hash_parts
from egrow_replica.db import SQL, Composed, Door, Identifier, int8_array, query
from egrow_replica.db.expressions import array_parameter, texts
from egrow_replica.db.queries import Part
from egrow_replica.model import Model, Server
from egrow_replica.results import Change, Spelling


class TextRow(Model):
    """A row's key and travelling columns as text, ``None`` for NULL."""

    key_hash: int
    key: tuple[str | None, ...]
    row: tuple[str | None, ...]

    @property
    def shown_key(self) -> str:
        """The key as one word: the value itself, or ``(a, b)`` where it has several columns."""
        values = ["NULL" if value is None else value for value in self.key]
        return values[0] if len(values) == 1 else f"({', '.join(values)})"


def read_rows(
    door: Door, table: ContentTable, seed: int, hashes: Collection[int], *, filtered: bool, with_values: bool
) -> Iterator[TextRow]:
    """The rows whose key has one of the hashes, in the order of the keys, one at a time.

    No other statement may be sent through the door meanwhile. The table is read once, however many they are.

    :param with_values: also their columns; else ``row`` is empty.
    """
    if not hashes:
        return iter(())
    statement = _statement(table, seed, filtered=filtered, with_values=with_values, order="h.key")
    return door.stream(TextRow, statement, [int8_array(hashes)])


def changes(dev: Door, prod: Door, table: ContentTable, seed: int, hashes: Collection[int]) -> Iterator[Change]:
    """Old and new value of every column that differs, row by row, in no order that means anything.

    Both servers' rows are read side by side, one at a time; no other statement may be sent through the doors meanwhile.
    """
    for before, after in row_pairs(dev, prod, table, seed, hashes, with_values=True):
        yield from differing_columns(table, before, after)


def differing_columns(table: ContentTable, before: TextRow, after: TextRow) -> Iterator[Change]:
    """Old and new value of the columns in which production's row and dev's differ."""
    for name, was, becomes in zip(table.column_names, before.row, after.row, strict=True):
        # A key that only looks different is the same key.
        if was != becomes and name not in table.key:
            yield Change(key=after.shown_key, column=name, production=was, dev=becomes)


def spellings(dev: Door, prod: Door, table: ContentTable, seed: int, hashes: Collection[int]) -> Iterator[Spelling]:
    """How both servers write keys that are equal; as :func:`changes`."""
    for before, after in row_pairs(dev, prod, table, seed, hashes, with_values=False):
        yield Spelling(production=before.shown_key, dev=after.shown_key)


def row_pairs(
    dev: Door, prod: Door, table: ContentTable, seed: int, hashes: Collection[int], *, with_values: bool
) -> Iterator[tuple[TextRow, TextRow]]:
    """The rows as production and as dev has them, in the order of their keys' hashes; as :func:`changes`."""
    if not hashes:
        return
    old = _statement(table, seed, filtered=False, with_values=with_values, order="h.key_hash")
    new = _statement(table, seed, filtered=True, with_values=with_values, order="h.key_hash")
    wanted = [int8_array(hashes)]
    yield from _joined(prod.stream(TextRow, old, wanted), dev.stream(TextRow, new, wanted))


def _joined(old: Iterator[TextRow], new: Iterator[TextRow]) -> Iterator[tuple[TextRow, TextRow]]:
    """The rows that both have, each in the order of the hashes of its keys."""
    before = next(old, None)
    for after in new:
        while before is not None and before.key_hash < after.key_hash:
            before = next(old, None)
        if before is not None and before.key_hash == after.key_hash:
            yield before, after


def _statement(table: ContentTable, seed: int, *, filtered: bool, with_values: bool, order: str) -> Composed:
    parts = hash_parts(table, seed, filtered=filtered)
    del parts["row_hash"]
    return query(
        "content/rows_as_text",
        key=texts("t", table.key),
        columns=texts("t", table.column_names if with_values else ()),
        order=SQL(order),
        **parts,
    )


def sample_rows(door: Door, table: ContentTable, seed: int, rows: int) -> list[TextRow]:
    """About so many rows of pages drawn at random, with their values; all where the table has fewer."""
    percent = min(100.0, 100.0 * rows / max(estimated_rows(door, table.name), 1))
    statement = query(
        "content/sample_rows",
        **_row_parts(door, table, seed),
        percent=SQL(f"{percent:.9f}"),
        rows=SQL(str(2 * rows)),
    )
    return door.rows(TextRow, statement)


def rows_by_key(door: Door, table: ContentTable, seed: int, keys: Sequence[Sequence[str | None]]) -> list[TextRow]:
    """The rows with these keys, as :attr:`TextRow.key` has them."""
    positions = range(len(table.key))
    statement = query(
        "content/rows_by_key",
        **_row_parts(door, table, seed),
        arrays=[array_parameter(at + 1, "text") for at in positions],
        names=SQL(", ").join(Identifier(f"k{at}") for at in positions),
        # The type is the server's own text (format_type): with its schema and modifier, whatever they are.
        matches=SQL(" AND ").join(
            SQL("{} = {}::{}").format(Identifier("t", column.name), Identifier("k", f"k{at}"), SQL(column.type))
            for at, column in enumerate(table.key_columns)
        ),
    )
    return door.rows(TextRow, statement, [[key[at] for key in keys] for at in positions])


def _row_parts(door: Door, table: ContentTable, seed: int) -> dict[str, Part]:
    """What a statement that reads whole rows, whichever they are, is made of."""
    return {
        "key_hash": key_hash(table.key_columns, "t", seed),
        "key": texts("t", table.key),
        "columns": texts("t", table.column_names),
        "source": table.dev_source if door.server is Server.DEV else table.source,
    }
