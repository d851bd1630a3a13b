"""Sequences are not replicated: those that content tables own follow, forwards only."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog import OwnedSequence, Scope
from egrow_replica.db import SQL, Composable, Composed, Door, Identifier, Literal, query, relation
from egrow_replica.model import Model, QualifiedName


class SequenceTarget(Model):
    """Where a sequence of production has to stand so that its next value is free."""

    name: QualifiedName
    value: int


def targets(dev: Door, prod: Door, scope: Scope, *, foreseen: bool = False) -> list[SequenceTarget]:
    """The sequences that have to move, and whereto: the furthest of dev, production and the column's values.

    :param foreseen: the rows of dev are not on production yet, and count as if they were.
    """
    moving = []
    for sequence in scope.sequences:
        now = _value(prod, sequence)
        reached = [now, _value_on_dev(dev, sequence), _extreme(prod, scope, sequence)]
        if foreseen:
            reached.append(_extreme(dev, scope, sequence, filtered=True))
        furthest = _furthest(sequence, reached)
        if furthest is not None and furthest != now:
            moving.append(SequenceTarget(name=sequence.name, value=furthest))
    return moving


def move(prod: Door, wanted: Iterable[SequenceTarget]) -> None:
    """Set them; inside the caller's transaction, as a role that may."""
    for target in wanted:
        prod.execute(move_statement(target))


def move_statement(target: SequenceTarget) -> Composed:
    """What sets one."""
    text = relation(target.name).as_string(None)
    return query("replication/set_sequence", sequence=Literal(text), value=Literal(str(target.value)))


def _furthest(sequence: OwnedSequence, values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    return max(known) if sequence.increment > 0 else min(known)


def _value(door: Door, sequence: OwnedSequence) -> int | None:
    value = door.value(query("replication/sequence_value", sequence=relation(sequence.name)))
    return None if value is None else int(value)


def _value_on_dev(dev: Door, sequence: OwnedSequence) -> int | None:
    if not dev.value(query("replication/sequence_exists"), [sequence.name.schema, sequence.name.name]):
        return None
    return _value(dev, sequence)


def _extreme(door: Door, scope: Scope, sequence: OwnedSequence, *, filtered: bool = False) -> int | None:
    table = next(table for table in scope.tables if table.oid == sequence.relation_oid)
    if sequence.column not in table.column_names and filtered:
        return None  # the column does not travel
    source: Composable = table.dev_source if filtered else table.source
    if filtered and table.filter:
        source = SQL("(SELECT * FROM {} AS t WHERE {})").format(source, table.arriving)
    value = door.value(
        query(
            "replication/column_extreme",
            aggregate=SQL("pg_catalog.max" if sequence.increment > 0 else "pg_catalog.min"),
            column=Identifier(sequence.column),
            source=source,
        )
    )
    return None if value is None else int(value)
