"""The columns of content that do not travel: what production has in them, against what it had at the baseline.

At the baseline each row's values are hashed, a hash for each column, and kept in a file of the backup, 8 bytes a hash.
Later the server hashes them again, and both are read side by side, bucket by bucket: neither is ever held whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from struct import Struct

from egrow_replica.catalog import Column, ContentTable, Table, bucket_hash, key_hash, row_hash
from egrow_replica.content.compare import BucketLines, bucket_count, estimated_rows, side_by_side
from egrow_replica.db import Composed, Door, Literal, query
from egrow_replica.db.expressions import Expression, builtin, cast, null, shown_key, strung
from egrow_replica.model import Model, TableName

#: Columns that are hashed one by one; of a table with more, the others share one hash, so that a row stays small.
SINGLE_COLUMNS = 7
_HASH = Struct(">q")


class OwnColumns(Model):
    """What is kept of a table's columns that do not travel.

    :ivar groups: the columns of each hash, mostly one.
    :ivar mask: the number of buckets, less one.
    """

    table: TableName
    groups: tuple[tuple[Column, ...], ...]
    mask: int

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all the columns."""
        return tuple(column.name for group in self.groups for column in group)

    @property
    def row_bytes(self) -> int:
        """Of one packed row: the hash of its key, and one for each group."""
        return _HASH.size * (1 + len(self.groups))


class Overwritten(Model):
    """Values of production's that a window overwrote, for a restore.

    :ivar columns: of one hash.
    :ivar value_hashes: what they held when that was seen, for each of ``key_hashes``.
    """

    table: TableName
    columns: tuple[Column, ...]
    key_hashes: tuple[int, ...]
    value_hashes: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(column.name for column in self.columns)


@dataclass(frozen=True)
class OwnRow:
    """A row whose values are not those of the baseline.

    :ivar changed: numbers of the groups that differ; ``values``: the hash of every group now.
    :ivar origin: that wrote the row last; ``None`` where it is not newer than the baseline.
    :ivar shown: its key, for a person.
    """

    key_hash: int
    changed: tuple[int, ...]
    values: tuple[int, ...]
    origin: int | None
    shown: str


def own_columns(door: Door, table: ContentTable, now: Table) -> OwnColumns | None:
    """What to keep of a table; ``None`` where all its columns travel, so that nothing is read for it."""
    columns = [column for column in now.columns if column.name in table.own_columns]
    # Those that are named as production's come first: each of them is told from the others.
    columns.sort(key=lambda column: column.name not in table.production_columns)
    if not columns:
        return None
    single, rest = columns[:SINGLE_COLUMNS], tuple(columns[SINGLE_COLUMNS:])
    groups = (*((column,) for column in single), *((rest,) if rest else ()))
    return OwnColumns(table=table.name, groups=groups, mask=bucket_count(estimated_rows(door, table.name)) - 1)


def same_definition(own: OwnColumns, now: Table) -> bool:
    """Whether the table's columns can be hashed as they were."""
    return all(_like(column, now.column(column.name)) for group in own.groups for column in group)


def same_without_writes(own: OwnColumns, now: Table) -> bool:
    """Whether, as long as nobody writes the table, its columns hash as they did: a renamed label needs no write."""
    columns = [(column, now.column(column.name)) for group in own.groups for column in group]
    return all(found is not None and was.enum_labels == found.enum_labels for was, found in columns)


def _like(before: Column, now: Column | None) -> bool:
    return now is not None and (before.type, before.base_type) == (now.type, now.base_type)


def values_statement(table: ContentTable, own: OwnColumns, seed: int) -> Composed:
    """``COPY … TO STDOUT`` of every row's hashes; what it sends is what the file of a baseline holds."""
    hashes = [builtin("int8send", one) for one in _hashes(own, seed)]
    return query(
        "content/own_values",
        bucket=bucket_hash(table.key_columns, "t", seed),
        mask=Literal(str(own.mask)),
        key_hash=key_hash(table.key_columns, "t", seed),
        values=strung(hashes),
        source=table.source,
    )


def changed_rows(door: Door, table: ContentTable, own: OwnColumns, seed: int, kept: Iterator[bytes]) -> dict[int, int]:
    """Which rows of the baseline have other values now: key hash, and the groups that differ as bits.

    Rows that came since, or are gone, are not among them.

    :param kept: the file of the baseline, block by block.
    """
    before = BucketLines(kept, f"the baseline of {table.name}", own.row_bytes)
    now = BucketLines(
        door.copy_out(values_statement(table, own, seed)), f"{door.server} in {table.name}", own.row_bytes
    )
    before.advance()
    now.advance()
    changed = {}
    for was, has in side_by_side(before, now):
        same = was & has
        for key in before.keys(was - same, same) & now.keys(has - same, same):
            packed = _HASH.pack(key)
            old, new = (next(row for row in rows if row.startswith(packed)) for rows in (was - same, has - same))
            changed[key] = _differing(old, new)
    return changed


def _differing(old: bytes, new: bytes) -> int:
    groups = range(1, len(old) // _HASH.size)
    hashes = [slice(number * _HASH.size, (number + 1) * _HASH.size) for number in groups]
    return sum(1 << number for number, one in enumerate(hashes) if old[one] != new[one])


def look_at_rows(
    door: Door, table: ContentTable, own: OwnColumns, seed: int, changed: dict[int, int], origin: Expression
) -> Iterator[OwnRow]:
    """The changed rows as they are now.

    :param origin: the expression for the origin that wrote the row ``t`` last.
    """
    keys = array("q", sorted(changed))
    for key, values, who, shown in door.tuples(_rows_statement(table, own, seed, origin), [list(keys)]):
        groups = tuple(number for number in range(len(own.groups)) if changed[key] >> number & 1)
        yield OwnRow(key, groups, tuple(values), who, shown)


def values_on(
    door: Door, table: ContentTable, own: OwnColumns, seed: int, there: Table, keys: Sequence[int]
) -> dict[int, tuple[int | None, ...]]:
    """The hashes that another server has for rows: ``None`` for a group of which it lacks a column, or has another."""
    present = [all(_like(column, there.column(column.name)) for column in group) for group in own.groups]
    groups = tuple(group for group, is_there in zip(own.groups, present, strict=True) if is_there)
    if not groups:
        return {}
    statement = _rows_statement(table, own.model_copy(update={"groups": groups}), seed, cast(null(), "int8"))
    found: dict[int, tuple[int | None, ...]] = {}
    for key, values, _, _ in door.tuples(statement, [list(keys)]):
        hashes = iter(values)
        found[key] = tuple(next(hashes) if is_there else None for is_there in present)
    return found


def _rows_statement(table: ContentTable, own: OwnColumns, seed: int, origin: Expression) -> Composed:
    return query(
        "content/own_values_of",
        key_hash=key_hash(table.key_columns, "t", seed),
        values=_hashes(own, seed),
        origin=origin,
        shown=shown_key("t", table.key),
        source=table.source,
    )


def _hashes(own: OwnColumns, seed: int) -> list[Expression]:
    return [row_hash(group, "t", seed) for group in own.groups]
