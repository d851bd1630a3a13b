"""The rehearsal of the stream: what its worker may do is done on production, judged, and taken back in any case.

What the worker commits, nobody can look at before; so what it would set in motion is seen here, before it starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from egrow_replica.catalog import Scope
from egrow_replica.catalog.roles import APPLY_ROLE
from egrow_replica.db import SQL, Capability, Composed, Door, Identifier, Literal, query
from egrow_replica.evidence import TransactionJudge, count_rows
from egrow_replica.model import Check, Severity, Side
from egrow_replica.settings import Operation
from egrow_replica.window.rehearsal.heaps import Heap, read_heaps
from egrow_replica.window.rehearsal.plays import Kind, Performance, StopsStream, planned_plays

#: How long rows are held before they are let go and the rest is played in another transaction.
HELD_SECONDS = 0.5
#: A change of one row that waits for a lock, or takes, so long would hold up production, and the stream as well.
LOCK_TIMEOUT, STATEMENT_TIMEOUT = "200ms", "5s"
#: Transactions of the rehearsal's door begin read only unless they say otherwise.
BEGIN = "BEGIN READ WRITE"


@dataclass(frozen=True)
class Rehearsal:
    """What came of it.

    :ivar played: changes that were played; ``tables``: of how many tables and partitions.
    :ivar checks: what the stream would do that it must not, and what could not be played.
    """

    played: int
    tables: int
    checks: tuple[Check, ...]

    @property
    def summary(self) -> str:
        """It in a sentence."""
        missed = f", {len(self.missed)} could not be played" if self.missed else ""
        return f"{self.played} changes of {self.tables} tables played and taken back{missed}"

    @property
    def missed(self) -> tuple[Check, ...]:
        """What could not be played."""
        return tuple(check for check in self.checks if check.severity is not Severity.ERROR)


@dataclass
class _Report:
    """What is known so far."""

    played: int = 0
    checks: list[Check] = field(default_factory=list)


def rehearse(door: Door, scope: Scope, publish: tuple[Operation, ...]) -> Rehearsal:
    """Play each kind of change that is published once, for each content table and each partition.

    :raises PreflightFailed: nobody could see what is written.
    :raises StatementFailed: somebody else is in the way.
    """
    count_rows(door)
    heaps = read_heaps(door, scope)
    report = _Report()
    waiting = heaps
    while waiting:
        together, found = _play_some(door, scope, publish, waiting, report)
        if found:
            report.checks += _who_did(door, scope, publish, together, found)
        waiting = waiting[len(together) :]
    return Rehearsal(report.played, len(heaps), tuple(report.checks))


def _play_some(
    door: Door, scope: Scope, publish: tuple[Operation, ...], heaps: list[Heap], report: _Report
) -> tuple[list[Heap], list[str]]:
    """Play as many heaps as there is time for in one transaction; which, and what was written outside content."""
    until = time.monotonic() + HELD_SECONDS
    played: list[Heap] = []
    with door.transaction(BEGIN, commit=False):
        judge = _begin(door, scope)
        for heap in heaps:
            played.append(heap)
            _play(door, heap, publish, report, lambda _: None)
            if time.monotonic() > until:
                break
        door.execute("SET LOCAL ROLE NONE")
        return played, judge.outside()


def _play(
    door: Door, heap: Heap, publish: tuple[Operation, ...], report: _Report, after: Callable[[Kind], None]
) -> None:
    performance = Performance(door, heap, publish, may_delete(door, heap, publish), after)
    try:
        performance.play()
    except StopsStream as stops:
        report.checks.append(
            _check("stops-stream", Severity.ERROR, heap, f"{stops.kind} fails, and would in the stream: {stops}")
        )
    report.played += performance.played
    report.checks += (
        _check("rehearsal", Severity.WARNING, heap, f"could not be played: {missed}") for missed in performance.missed
    )


def _begin(door: Door, scope: Scope) -> TransactionJudge:
    """Make the transaction like the worker's: its role, its settings (InitializeLogRepWorker in worker.c)."""
    judge = TransactionJudge.begin(door, scope)
    door.execute(query("content/set_lock_timeout", milliseconds=Literal(LOCK_TIMEOUT)))
    door.execute(query("rehearsal/set_statement_timeout", milliseconds=Literal(STATEMENT_TIMEOUT)))
    door.execute("SET LOCAL search_path = ''")
    door.execute("SET LOCAL session_replication_role = replica")
    become_worker(door)
    # What is put off until the commit happens where its row is played.
    door.execute(query("content/fire_deferred"))
    return judge


def become_worker(door: Door) -> None:
    """Take on the role that the worker runs as; before 16 that is the login itself."""
    if door.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
        door.execute(SQL("SET LOCAL ROLE {}").format(Identifier(APPLY_ROLE)))


def planned(door: Door, heap: Heap, publish: tuple[Operation, ...]) -> Iterator[Composed]:
    """The statements of a heap's plays that can be known beforehand."""
    yield from planned_plays(heap, publish, deletes=may_delete(door, heap, publish))


def may_delete(door: Door, heap: Heap, publish: tuple[Operation, ...]) -> bool:
    """Whether the worker can remove a row: also one that moves to another partition, if its role may."""
    moves = heap.is_partition and "update" in publish and not door.has(Capability.ORDINARY_SUBSCRIPTION_OWNER)
    return "delete" in publish or moves


def _who_did(
    door: Door, scope: Scope, publish: tuple[Operation, ...], heaps: list[Heap], found: list[str]
) -> list[Check]:
    """Play them again one by one, looking after each kind of change, to say which of them it was."""
    checks: list[Check] = []
    for heap in heaps:
        checks += _findings(door, scope, publish, heap)
    if not checks:  # it did so once, for a change of one of these
        message = f"a change of content also writes {'; '.join(found)}"
        checks.append(_check("rehearsal", Severity.ERROR, heaps[0], message, refused=True))
    return checks


def _findings(door: Door, scope: Scope, publish: tuple[Operation, ...], heap: Heap) -> Iterator[Check]:
    by_kind: dict[Kind, list[str]] = {}
    with door.transaction(BEGIN, commit=False):
        judge = _begin(door, scope)

        def look(kind: Kind) -> None:
            door.execute("SET LOCAL ROLE NONE")
            known = {one for found in by_kind.values() for one in found}
            if new := [one for one in judge.outside() if one not in known]:
                by_kind.setdefault(kind, []).extend(new)
            become_worker(door)

        _play(door, heap, publish, _Report(), look)
    for kind, found in by_kind.items():
        message = f"{kind} also writes {'; '.join(found)}; {_fires(heap)}"
        yield _check("rehearsal", Severity.ERROR, heap, message, refused=True)


def _fires(heap: Heap) -> str:
    """By what it may have come."""
    if not heap.triggers:
        return "no trigger of it fires under replication: look at its defaults, checks, indexes and types"
    named = ", ".join(f"{trigger.name} ({trigger.function})" for trigger in heap.triggers)
    return f"triggers that fire under replication: {named}"


#: What to do about each.
_HINTS = {
    Severity.ERROR: "See what the change sets in motion (`doctor` names triggers, functions and types), and take it "
    "away or disable it for the length of the window.",
    Severity.WARNING: "Look yourself at what such a change sets in motion on production.",
}


def _check(id: str, severity: Severity, heap: Heap, message: str, *, refused: bool = False) -> Check:
    return Check(
        id=id,
        severity=severity,
        server=Side.PROD,
        subject=str(heap.name),
        message=message,
        remedy=_HINTS[severity],
        refused=refused,
    )
