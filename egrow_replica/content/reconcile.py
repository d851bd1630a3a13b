"""Bringing production's content to dev's state at the slot's LSN, in one transaction on production."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from egrow_replica.catalog import Scope
from egrow_replica.content.compare import TableDifference, compare_table
from egrow_replica.content.fetching import copy_statement, rows_from_dev
from egrow_replica.content.staging import Stage
from egrow_replica.db import SQL, Composed, Door, Identifier, Literal, query
from egrow_replica.model import QualifiedName
from egrow_replica.results import Reconciled


@dataclass(frozen=True)
class Writer:
    """How content may be written: by which role, under the replica role, and how long a lock may take."""

    door: Door
    role: str
    lock_timeout_seconds: float

    def begin(self) -> None:
        """First statements of a transaction that writes content; the order matters, the role denies the others.

        Under the replica role no trigger fires and the order of rows does not matter; an origin was set up when the
        connection was opened.
        """
        milliseconds = round(self.lock_timeout_seconds * 1000)
        self.door.execute(query("content/set_lock_timeout", milliseconds=Literal(str(milliseconds))))
        self.door.execute("SET LOCAL session_replication_role = replica")
        self.become(self.role)

    def become(self, role: str) -> None:
        """Take a role for the rest of the transaction."""
        self.door.execute(SQL("SET LOCAL ROLE {}").format(Identifier(role)))

    def become_operator(self) -> None:
        """Leave the content role: the journal and the users' tables are the operator's to write and to read.

        What the writes have put off is done before, under the role that wrote: before 18 a deferred trigger runs as
        whoever the transaction is at its end.
        """
        self.door.execute(query("content/fire_deferred"))
        self.door.execute("SET LOCAL ROLE NONE")


@dataclass(frozen=True)
class Outcome:
    """What the reconcile did in one table; ``made`` are the hashes of the keys of the rows that it added."""

    table: QualifiedName
    updated: int
    made: Collection[int]

    @property
    def report(self) -> Reconciled:
        """For the answer of ``enable``."""
        return Reconciled(table=self.table, inserted=len(self.made), updated=self.updated)


def compare_all(dev: Door, prod: Door, scope: Scope, seed: int) -> dict[QualifiedName, TableDifference]:
    """Compare every content table in the snapshots that the doors hold."""
    return {table.name: compare_table(dev, prod, table, seed) for table in scope.tables}


def write_differences(
    dev: Door,
    writer: Writer,
    scope: Scope,
    differences: dict[QualifiedName, TableDifference],
    seed: int,
    progress: Callable[[str], None],
) -> list[Outcome]:
    """Fetch the rows that differ from dev's snapshot and write them; inside the caller's transaction.

    All updates come before all inserts, so that a unique value which one row gives up is free for a new one.

    :raises PreflightFailed: unique values collide, or production holds a new row's key for another row's; nothing is
        committed.
    """
    stages: list[Stage] = []
    for position, table in enumerate(scope.tables):
        difference = differences[table.name]
        if not difference.wanted:
            continue
        progress(f"{table.name}: {difference.wanted} rows from dev")
        stage = Stage(writer.door, table, _stage_name(position), seed, table.column_names)
        stage.create()
        stage.fill(rows_from_dev(dev, table, seed, difference))
        stages.append(stage)
    updated = {stage.table.name: stage.update() for stage in stages}
    for stage in stages:
        stage.refuse_waiting()
    outcomes = []
    for stage in stages:
        made = stage.insert()
        if len(made) < len(differences[stage.table.name].new):
            stage.refuse_alike_keys()  # else the application has just made such a row itself
        outcomes.append(Outcome(stage.table.name, updated[stage.table.name], made))
    return outcomes


def planned_statements(
    dev: Door, prod: Door, scope: Scope, differences: dict[QualifiedName, TableDifference], seed: int
) -> Iterator[tuple[Door, Composed]]:
    """What :func:`write_differences` would send to move rows, in its order, each with its door."""
    stages: list[Stage] = []
    for position, table in enumerate(scope.tables):
        if differences[table.name].wanted:
            yield dev, copy_statement(table, seed, differences[table.name])
            stage = Stage(prod, table, _stage_name(position), seed, table.column_names)
            yield from ((prod, statement) for statement in stage.planned_fill())
            stages.append(stage)
    for stage in stages:
        yield from ((prod, statement) for statement in stage.planned_update())
    for stage in stages:
        yield from ((prod, statement) for statement in stage.planned_insert())


def _stage_name(position: int) -> str:
    return f"egrow_stage_{position}"
