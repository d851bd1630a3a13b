"""The steps that play what the stream will do, before it may: nobody can stop a worker's transaction at its commit."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import read_relations
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication import origins
from egrow_replica.results import PlannedLock
from egrow_replica.window.preflight import refuse
from egrow_replica.window.rehearsal import Rehearsal, planned, read_heaps, rehearse
from egrow_replica.window.run import Run
from egrow_replica.window.steps.base import ROW_EXCLUSIVE, ROW_SHARE, Foreseen, Planned, Step, lock


class Rehearse(Step):
    """Every kind of change that is published, played and taken back, before anything of the window is written."""

    name = "rehearsal"
    server = Server.PROD
    description = "play once what the stream may do to each table, see what that sets in motion, take it back"

    def do(self, run: Run) -> str:
        return rehearse_stream(run).summary

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        with run.servers.rehearse_prod(run.scope, partitions(run), run.origin, planning=True) as door:
            yield Planned(door, origins.use_statement(run.origin), when="on its own connection, and on the next one")
            for heap in read_heaps(door, run.scope):
                for statement in planned(door, heap, run.setting.publish):
                    yield Planned(door, statement, when="rolled back; again with other values where these do not do")

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        yield lock(Server.PROD, ROW_SHARE, run.scope.names)
        yield lock(Server.PROD, ROW_EXCLUSIVE, run.scope.names)


class RehearseAgain(Rehearse):
    """The same right before the stream starts: a table may have had no row before, or be defined otherwise by now."""

    name = "second-rehearsal"
    description = "play it once more, with the rows that there are now"


def rehearse_stream(run: Run) -> Rehearsal:
    """Rehearse on a connection of its own, under the window's origin where there is one.

    :raises Refused: a change would write something else than content; :raises PreflightFailed: one fails.
    """
    run.check_effects()
    parts = partitions(run)
    marked = origins.origin_id(run.writer, run.origin) is not None
    run.release_writer()  # no two sessions may use an origin
    with run.servers.rehearse_prod(run.scope, parts, run.origin) as door:
        if marked:
            origins.when_free(run.origin, lambda: origins.use(door, run.origin))
        rehearsal = run.retrying(lambda: rehearse(door, run.scope, run.setting.publish))
    refuse(rehearsal.checks)
    for check in rehearsal.missed:
        run.listener.say(f"warning: {check.subject}: {check.message}")
    return rehearsal


def partitions(run: Run) -> tuple[QualifiedName, ...]:
    """Every partition of content: the worker writes each by itself."""
    return partitions_of(read_relations(run.writer, measured=False), run.scope.names)
