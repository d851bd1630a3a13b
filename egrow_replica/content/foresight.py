"""What would stop a restore, seen before anything is written: taken unique values, rows that would point nowhere."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass

from egrow_replica.catalog import ForeignKey, UniqueKey, key_hash
from egrow_replica.content.staging import Stage, is_large_part, row_text, same_unique_value, whole_joins
from egrow_replica.db import SQL, Composable, int8_array, query, relation
from egrow_replica.db.expressions import (
    Expression,
    all_of,
    any_of,
    array_parameter,
    builtin,
    differ,
    is_null,
    is_one_of,
    is_present,
    points_at,
    record,
    value_of,
    written,
)
from egrow_replica.model import Model, QualifiedName

#: Rows that a refusal names; the others are counted.
NAMED = 3


class Taken(Model):
    """A row that wants a unique value which another has.

    :ivar yields: the holder is to be put back too, and gives the value up then.
    """

    wanting_hash: int
    holding_hash: int
    yields: bool
    wanting: str
    holding: str
    value: str


@dataclass(frozen=True)
class Returning:
    """A table's staged baseline, and the keys' hashes of the rows that would be removed."""

    stage: Stage
    removable: Collection[int]


def unique_obstacles(one: Returning) -> Iterator[str]:
    """For each unique key, a sentence about the rows that cannot take their values."""
    for key in one.stage.table.unique_keys:
        pairs = [pair for pair in _taken(one.stage, key) if pair.holding_hash not in one.removable]
        stuck = stuck_pairs(pairs)
        if stuck:
            yield f"{one.stage.table.name}: " + _listed(stuck, key)


def stuck_pairs(pairs: Collection[Taken]) -> list[Taken]:
    """One pair for each row that never comes to its value, however often the rows that can are put back.

    A row is free to go once nobody holds its value who stays or is stuck; rows that exchange values wait for each
    other for ever.
    """
    holders: dict[int, dict[int, Taken]] = defaultdict(dict)
    for pair in pairs:
        holders[pair.wanting_hash][pair.holding_hash] = pair
    waiting = set(holders)
    while True:
        free = {
            row for row in waiting if all(one.yields and holder not in waiting for holder, one in holders[row].items())
        }
        if not free:
            return [next(_blocking(holders[row], waiting)) for row in sorted(waiting)]
        waiting -= free


def _blocking(holders: Mapping[int, Taken], waiting: Collection[int]) -> Iterator[Taken]:
    return (pair for holder, pair in holders.items() if not pair.yields or holder in waiting)


def _listed(stuck: list[Taken], key: UniqueKey) -> str:
    names = ", ".join(key.columns)
    sentences = [
        f"the row with key {one.wanting} wants ({names}) = {one.value}, which the row with key {one.holding} has"
        for one in stuck[:NAMED]
    ]
    more = f", and {len(stuck) - NAMED} more" if len(stuck) > NAMED else ""
    return "; ".join(sentences) + more


def _taken(stage: Stage, key: UniqueKey) -> list[Taken]:
    table = stage.table
    statement = query(
        "content/taken_values",
        wanting_hash=key_hash(table.key_columns, "s", stage.seed),
        holding_hash=key_hash(table.key_columns, "o", stage.seed),
        stage=stage.identifier,
        held=table.matches("o", "h"),
        yields=is_present(value_of("h", table.key[0])),
        wanting=row_text(table.key, "s"),
        holding=row_text(table.key, "o"),
        value=row_text(key.columns, "s"),
        source=table.source,
        same_value=same_unique_value(key, "o", "s"),
        matches=table.matches("t", "s"),
        same_row=table.matches("o", "s"),
        changes=_changes(stage),
    )
    with stage.joined():
        return stage.door.rows(Taken, statement)


def _changes(stage: Stage) -> Expression:
    """The condition that a staged row is missing, or that the row that is there looks different."""
    changing = stage.changing_columns
    missing = is_null(value_of("t", stage.table.key[0]))
    if not changing:
        return missing
    now, then = (record(value_of(alias, name) for name in changing) for alias in ("t", "s"))
    return any_of([missing, builtin("record_image_ne", now, then)])


def dangling(key: ForeignKey, one: Returning, others: Mapping[QualifiedName, Returning]) -> list[str]:
    """Keys of rows to be put back that would point nowhere by a foreign key; twenty at most."""
    table, target = one.stage.table, others.get(key.references)
    if not {*key.columns} <= {*one.stage.columns}:
        return []  # a generated column: nothing is put back into it
    removed: Expression = any_of([])
    comes_back: Composable = SQL("false")
    parameters: list[object] = []
    if target is not None:
        comes_back = SQL("EXISTS (SELECT FROM pg_temp.{} AS b WHERE {})").format(
            target.stage.identifier, written(_points(key, "b"))
        )
        if target.removable:
            hashes = key_hash(target.stage.table.key_columns, "r", one.stage.seed)
            removed = is_one_of(hashes, array_parameter(1, "int8"))
            parameters.append(int8_array(target.removable))
    statement = query(
        "content/dangling_rows",
        row=row_text(table.key, "s"),
        stage=one.stage.identifier,
        source=table.source,
        matches=table.matches("t", "s"),
        all_present=all_of(is_present(value_of("s", name)) for name in key.columns),
        changes=_moves(key, one.stage),
        references=SQL("{}{}").format(SQL("" if key.references_partitioned else "ONLY "), relation(key.references)),
        points=_points(key, "r"),
        removed=removed,
        comes_back=comes_back,
    )
    large = is_large_part(one.stage.door, one.stage.rows, key.references)
    with whole_joins(one.stage.door) if large else nullcontext():
        return [str(value) for value in one.stage.door.values(statement, parameters)]


def _moves(key: ForeignKey, stage: Stage) -> Expression:
    """The condition that a staged row is missing, or that the row that is there points elsewhere."""
    different = [differ(value_of("t", name), value_of("s", name)) for name in key.columns]
    return any_of([is_null(value_of("t", stage.table.key[0])), *different])


def _points(key: ForeignKey, alias: str) -> Expression:
    return points_at(key.columns, key.referenced_columns, "s", alias)
