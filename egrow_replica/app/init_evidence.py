"""What both servers say about their tables, as far as they let us look; what cannot be read is a note."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from egrow_replica.app.init_reasons import tr
from egrow_replica.catalog import OWN_SCHEMA, ContentTable, Table, content_table, read_relations, read_tables
from egrow_replica.catalog.activity import KeyToOther, WriteActivity, read_owning_keys, read_write_activity
from egrow_replica.catalog.conditions import read_identity
from egrow_replica.content import (
    TableDifference,
    changes,
    compare_table,
    differing_columns,
    estimated_rows,
    rows_by_key,
    sample_rows,
)
from egrow_replica.db import SNAPSHOT, Door
from egrow_replica.errors import PreflightFailed, Refused, StatementFailed
from egrow_replica.model import QualifiedName, Server
from egrow_replica.results import Change, Reason

#: Of a table with more bytes or rows only a sample is read for a proposal.
MAX_BYTES = 1 << 30
MAX_ROWS = 10_000_000
#: Rows whose values are looked at to tell whose a column is.
MAX_SAMPLE = 2_000

Found = TypeVar("Found")


@dataclass(frozen=True)
class Comparison:
    """How a table's rows differ.

    :ivar changes: old and new value of every column that differs, in at most :data:`MAX_SAMPLE` rows.
    :ivar sampled: how many rows that was.
    :ivar estimated_from: rows of production from which all these numbers are estimated; ``None``: they were counted.
    """

    travelling: ContentTable
    common: int
    new: int
    updated: int
    production_only: int
    changes: tuple[Change, ...]
    sampled: int
    estimated_from: int | None = None

    @property
    def production_rows(self) -> int:
        """All rows that production has."""
        return self.common + self.production_only

    @property
    def share(self) -> float:
        """How much of production dev has too, from 0 to 1."""
        return self.common / self.production_rows if self.production_rows else 0.0


@dataclass
class Evidence:
    """Both catalogs, by table.

    :ivar tables: what holds rows and can be classified: ordinary and partitioned tables.
    :ivar keys: production's foreign keys, dev's where production does not show them.
    :ivar notes: what could not be looked at.
    """

    tables: dict[Server, dict[QualifiedName, Table]]
    keys: list[KeyToOther] = field(default_factory=list)
    activity: dict[Server, dict[QualifiedName, WriteActivity]] = field(default_factory=dict)
    notes: list[Reason] = field(default_factory=list)

    @cached_property
    def names(self) -> list[QualifiedName]:
        """Every table of either server, in order."""
        return sorted(self.tables[Server.DEV].keys() | self.tables[Server.PROD].keys())

    def table(self, name: QualifiedName) -> Table:
        """The table as production has it, as dev has it where production does not."""
        return self.tables[Server.PROD].get(name) or self.tables[Server.DEV][name]

    def is_on(self, server: Server, name: QualifiedName) -> bool:
        """Whether a server has the table."""
        return name in self.tables[server]


def read_evidence(dev: Door, prod: Door) -> Evidence:
    """Read both catalogs.

    :raises PreflightFailed: both connections lead to the same database.
    :raises StatementFailed: the tables themselves cannot be listed.
    """
    doors = {Server.DEV: dev, Server.PROD: prod}
    evidence = Evidence(tables={server: _read_tables(door) for server, door in doors.items()})
    _refuse_same_database(doors, evidence)
    for server in (Server.PROD, Server.DEV):
        found = _unless_refused(read_owning_keys, doors[server], evidence, tr("foreign keys"))
        if found is not None:
            evidence.keys = found
            break
    for server, door in doors.items():
        activity = _unless_refused(read_write_activity, door, evidence, tr("write counters"))
        evidence.activity[server] = activity or {}
    return evidence


def _read_tables(door: Door) -> dict[QualifiedName, Table]:
    relations = [
        one
        for one in read_relations(door).values()
        if one.kind in ("r", "p") and not one.is_partition and one.name.schema != OWN_SCHEMA
    ]
    return read_tables(door, relations)


def _refuse_same_database(doors: Mapping[Server, Door], evidence: Evidence) -> None:
    found = [_unless_refused(read_identity, door, evidence, tr("the database's identity")) for door in doors.values()]
    if found[0] is not None and found[0] == found[1]:
        raise PreflightFailed(
            "dev and production are the same database",
            hint="Give each server its own connection string: .env is dev's, .env.production is production's.",
            code="same-database",
        )


def _unless_refused(read: Callable[[Door], Found], door: Door, evidence: Evidence, what: Reason) -> Found | None:
    try:
        return read(door)
    except StatementFailed as error:
        evidence.notes.append(tr("{what} could not be read: {why}", what=what, why=error.message))
        return None


def compare(
    dev: Door, prod: Door, evidence: Evidence, names: Iterable[QualifiedName]
) -> dict[QualifiedName, Comparison]:
    """Compare these tables row by row, each in a snapshot of its own; what cannot be compared gets a note."""
    found = {}
    for name in names:
        try:
            comparison = _compare(dev, prod, evidence, name)
        except (StatementFailed, Refused, PreflightFailed) as error:
            evidence.notes.append(tr("the rows of {table} could not be compared: {why}", table=name, why=error.message))
            continue
        if comparison is not None:
            found[name] = comparison
    return found


def _compare(dev: Door, prod: Door, evidence: Evidence, name: QualifiedName) -> Comparison | None:
    both = [evidence.tables[server].get(name) for server in (Server.DEV, Server.PROD)]
    if both[0] is None or both[1] is None:
        return None
    table = content_table(both[0], both[1], (), None)
    if table is None or not set(table.key) <= set(table.column_names):
        return None
    seed = secrets.randbits(63)
    rows = max(estimated_rows(door, table.name) for door in (dev, prod))
    if rows > MAX_ROWS or max(one.relation.bytes for one in both if one) > MAX_BYTES:
        return _estimate(dev, prod, table, seed)
    with dev.transaction(SNAPSHOT), prod.transaction(SNAPSHOT):
        difference = compare_table(dev, prod, table, seed)
        sample = sorted(difference.updated)[:MAX_SAMPLE]
        return _comparison(table, difference, tuple(changes(dev, prod, table, seed, sample)), len(sample))


def _estimate(dev: Door, prod: Door, table: ContentTable, seed: int) -> Comparison | None:
    """The same from rows of each server drawn at random and looked up on the other, whatever the table's size."""
    here = {row.key_hash: row for row in sample_rows(prod, table, seed, MAX_SAMPLE)}
    there = {row.key_hash: row for row in sample_rows(dev, table, seed, MAX_SAMPLE)}
    if not here:
        return None
    on_dev = {row.key_hash: row for row in rows_by_key(dev, table, seed, [row.key for row in here.values()])}
    on_prod = {row.key_hash for row in rows_by_key(prod, table, seed, [row.key for row in there.values()])}
    differing = [
        found for key, row in here.items() if key in on_dev and (found := [*differing_columns(table, row, on_dev[key])])
    ]
    rows, dev_rows = estimated_rows(prod, table.name), estimated_rows(dev, table.name)
    common = round(rows * len(here.keys() & on_dev.keys()) / len(here))
    return Comparison(
        travelling=table,
        common=common,
        new=round(dev_rows * len(there.keys() - on_prod) / max(len(there), 1)),
        updated=round(rows * len(differing) / len(here)),
        production_only=rows - common,
        changes=tuple(change for found in differing for change in found),
        sampled=len(differing),
        estimated_from=len(here),
    )


def _comparison(table: ContentTable, difference: TableDifference, seen: tuple[Change, ...], sampled: int) -> Comparison:
    return Comparison(
        travelling=table,
        common=difference.dev_rows - len(difference.new),
        new=len(difference.new),
        updated=len(difference.updated),
        production_only=len(difference.production_only),
        changes=seen,
        sampled=sampled,
    )
