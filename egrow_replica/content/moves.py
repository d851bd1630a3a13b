"""Rows that dev moved between partitions, and production still has where they were.

Such an update is a DELETE in one part and an INSERT in the other (row movement in nodeModifyTable.c), also with
``publish_via_partition_root``: without deletes only the new row arrives. The partition key is part of the table's key,
so nothing but what is left of key and row tells that the two are one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from egrow_replica.catalog import Column, ContentTable, Scope, key_hash, read_partition_columns, row_hash
from egrow_replica.content.compare import TableDifference, hash_parts
from egrow_replica.content.reading import TextRow, read_rows
from egrow_replica.db import Door, query
from egrow_replica.model import Model, QualifiedName, TableName


@dataclass(frozen=True)
class Move:
    """A row of production that dev has under another key."""

    old: TextRow
    new: TextRow

    def __str__(self) -> str:
        return f"{self.old.shown_key} → {self.new.shown_key}"


class Moves(Model):
    """Rows of one table that dev had moved when a window opened; ``keys``: hashes of their old keys."""

    table: TableName
    keys: tuple[int, ...]


class _Pair(Model):
    key_hash: int
    row_hash: int


def moved_rows(dev: Door, prod: Door, table: ContentTable, seed: int, production_only: Collection[int]) -> list[Move]:
    """Which rows that only production has are rows of dev's in another part.

    They are where a part of the key, without the partition key, tells all of dev's rows apart, and one of them has it;
    or where a row of dev has all but the partition key. A row that dev deleted is among them if dev has such another.
    """
    if not production_only or table.partitioned_on_dev is False:
        return []
    moving = read_partition_columns(dev, table.name)
    if not moving:
        return []
    found: dict[int, int] = {}
    left: Collection[int] = production_only
    for columns in _rests(table, moving):
        of_key = {column.name for column in columns} < set(table.key)
        if columns and left and (not of_key or all_different(dev, table, seed, columns)):
            found |= _counterparts(dev, prod, table, seed, columns, left)
            left = [one for one in production_only if one not in found]
    old = {row.key_hash: row for row in read_rows(prod, table, seed, found, filtered=False, with_values=False)}
    new = {row.key_hash: row for row in read_rows(dev, table, seed, found.values(), filtered=True, with_values=False)}
    return [Move(old[was], new[now]) for was, now in sorted(found.items()) if was in old and now in new]


def _rests(table: ContentTable, moving: Sequence[str]) -> Iterator[list[Column]]:
    """What may stay the same in a move: the key without one of the partition key's columns, or all; the whole row."""
    for gone in dict.fromkeys([*((one,) for one in moving), tuple(moving)]):
        yield [column for column in table.key_columns if column.name not in gone]
    yield [column for column in table.columns if column.name not in moving]


def all_different(dev: Door, table: ContentTable, seed: int, columns: Sequence[Column]) -> bool:
    """Whether no two rows of dev's are alike in these columns."""
    parts = {**hash_parts(table, seed, filtered=True), "row_hash": row_hash(columns, "t", seed)}
    del parts["key_hash"]
    return bool(dev.value(query("content/all_different", **parts)))


def _counterparts(
    dev: Door, prod: Door, table: ContentTable, seed: int, columns: Sequence[Column], keys: Collection[int]
) -> dict[int, int]:
    """Hashes of keys of dev by those of production's, for rows that are alike in these columns."""
    rest, key = row_hash(columns, "t", seed), key_hash(table.key_columns, "t", seed)
    ours = query("content/row_hashes", **{**hash_parts(table, seed, filtered=False), "row_hash": rest})
    wanted = {pair.key_hash: pair.row_hash for pair in prod.rows(_Pair, ours, [sorted(keys)])}
    theirs = query(
        "content/row_hashes", **{**hash_parts(table, seed, filtered=True), "key_hash": rest, "row_hash": key}
    )
    there = {pair.key_hash: pair.row_hash for pair in dev.rows(_Pair, theirs, [sorted(set(wanted.values()))])}
    return {was: there[alike] for was, alike in wanted.items() if alike in there}


def moves_of(
    dev: Door, prod: Door, scope: Scope, differences: Mapping[QualifiedName, TableDifference], seed: int
) -> tuple[Moves, ...]:
    """Of each table that has any, the rows that dev had moved, by the hashes of their old keys."""
    found = (
        (table.name, moved_rows(dev, prod, table, seed, differences[table.name].production_only))
        for table in scope.tables
    )
    return tuple(Moves(table=name, keys=tuple(one.old.key_hash for one in moves)) for name, moves in found if moves)
