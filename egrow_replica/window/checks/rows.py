"""Hazards of single rows: what dev has and production would refuse, misplace or confuse.

Only rows that differ are looked at, in one read-only snapshot of each server; each is read once and shown to every
collector.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial

from egrow_replica.content import compare_table
from egrow_replica.db import SNAPSHOT
from egrow_replica.errors import Refused, StatementFailed
from egrow_replica.model import Check, QualifiedName, Server
from egrow_replica.window.checks.base import error, fine, info, inspection
from egrow_replica.window.checks.drift_types import Fit, fit
from egrow_replica.window.checks.rows_demands import Demands
from egrow_replica.window.checks.rows_identity import Identity
from egrow_replica.window.checks.rows_moves import Moved
from egrow_replica.window.checks.rows_references import References
from egrow_replica.window.checks.rows_referred import Referred
from egrow_replica.window.checks.rows_table import Collector, TableRows
from egrow_replica.window.checks.rows_unique import Uniques
from egrow_replica.window.checks.rows_values import Defaults, FailedChecks, RefusedValues
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_SAVEPOINT = "SAVEPOINT egrow_replica_look"
_BACK = "ROLLBACK TO SAVEPOINT egrow_replica_look"

#: What is looked at, with the slugs of its findings and what is said where there is none.
_COLLECTORS: tuple[tuple[Callable[[TableRows], Collector], str, str], ...] = (
    (RefusedValues, "rows-values", "every value fits into production's columns"),
    (FailedChecks, "rows-checks", "every row passes production's constraints"),
    (Defaults, "rows-defaults", "new rows get a value in every column that dev does not send"),
    (Uniques, "rows-unique", "no row wants a unique value that another one keeps"),
    (Demands, "rows-demands", "no two rows meet in an index over expressions, of some rows, or of an exclusion"),
    (References, "rows-references", "every row refers to rows that production has or gets"),
    (Referred, "rows-referred", "no value changes by which a row of production refers to content"),
    (Identity, "rows-identity", "no key stands for another thing on the other server"),
    (Moved, "rows-moved", "dev has moved no row of production's to another partition"),
)


@inspection("rows", PROD, subject="rows", fine="there is no content to look at", both=True, reads_rows=True)
def rows(view: View, server: Server) -> Iterator[Check]:
    """Compare, then show the rows that differ to every collector."""
    found: set[str] = set()
    with ExitStack() as stack:
        for door in (view.dev, view.prod):
            stack.enter_context(door.transaction(SNAPSHOT))
        seed = secrets.randbits(63)
        for table in view.scope.tables:
            if table.name in view.hidden_on_dev:  # told as that
                continue
            reason = _not_comparable(view, table.name)
            if reason is not None:
                yield info("rows", server, table.name, f"its rows were not looked at: {reason}")
                continue
            for slug, check in _of_table(view, TableRows(view, table, seed)):
                found.add(slug)
                yield check
    if view.scope.tables:
        for _, slug, text in _COLLECTORS:
            if slug not in found:
                yield fine(slug, server, "rows", text)


def _of_table(view: View, rows: TableRows) -> Iterator[tuple[str, Check]]:
    collectors = [(slug, make(rows)) for make, slug, _ in _COLLECTORS]

    def read() -> list[tuple[str, Check]]:
        rows.difference = compare_table(view.dev, view.prod, rows.table, rows.seed)
        rows.show_to([collector for _, collector in collectors if collector.wants_rows])
        return []

    failed = _attempt(view, rows.table.name, read, "rows")
    yield from failed
    if failed:
        return
    # Where nothing differs there is little to ask: one savepoint for all saves a dozen ways to the servers.
    parts = [[one] for one in collectors] if rows.difference.wanted else [collectors]
    for part in parts:
        yield from _attempt(view, rows.table.name, partial(_findings, part), part[0][0])


def _findings(collectors: list[tuple[str, Collector]]) -> list[tuple[str, Check]]:
    return [(slug, check) for slug, collector in collectors for check in collector.findings()]


def _attempt(
    view: View, table: QualifiedName, look: Callable[[], list[tuple[str, Check]]], slug: str
) -> list[tuple[str, Check]]:
    """A statement that fails ends only this look: the snapshots go on."""
    for door in (view.dev, view.prod):
        door.execute(_SAVEPOINT)
    try:
        return look()
    except (StatementFailed, Refused) as failure:
        for door in (view.dev, view.prod):
            door.execute(_BACK)
        told = error("rows", PROD, table, f"its rows could not be looked at: {failure.message}", failure.hint)
        return [(slug, told)]


def _not_comparable(view: View, table: QualifiedName) -> str | None:
    dev, prod = view.definitions(DEV).tables[table], view.definitions(PROD).tables[table]
    for column in view.scope.table(table).columns:
        theirs, ours = dev.column(column.name), prod.column(column.name)
        if theirs is None or ours is None or theirs.generated is not None:
            return f"column {column.name} is not on both servers"
        if fit(theirs, ours) is Fit.OTHER:
            return f"column {column.name} is of another type on dev"
    return None


CHECKS = rows
