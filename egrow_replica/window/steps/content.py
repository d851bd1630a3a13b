"""The steps that write content, and the way back."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from egrow_replica.backup import read_content
from egrow_replica.catalog import ContentTable as ScopeTable
from egrow_replica.catalog import Scope, read_foreign_keys, read_server_facts
from egrow_replica.catalog.roles import APPLY_ROLE, RESTORE_ROLE, may_maintain
from egrow_replica.content import (
    AllBut,
    Foresight,
    Moves,
    Outcome,
    Restore,
    Traces,
    Writer,
    compare_all,
    moves_of,
    planned_statements,
    write_differences,
)
from egrow_replica.db import READ_ONLY, Composed, Door, query, relation
from egrow_replica.errors import BackupFailed, ValidationFailed
from egrow_replica.evidence import LOCAL_ORIGIN, Orphans, count_all, new_orphans, touching
from egrow_replica.model import Server
from egrow_replica.replication import origins, sequences
from egrow_replica.replication.names import PREFIX
from egrow_replica.results import PlannedLock, Removed, RestoredTable
from egrow_replica.window.journal import RestoreStage
from egrow_replica.window.run import Run
from egrow_replica.window.servers import join_snapshot
from egrow_replica.window.steps.base import (
    ACCESS_SHARE,
    ROW_EXCLUSIVE,
    SHARE_UPDATE_EXCLUSIVE,
    Foreseen,
    Planned,
    Step,
    Work,
    lock,
    noted,
)


class Reconcile(Step):
    """Production's content brought to dev's state at the slot's LSN, in one transaction."""

    name = "reconcile"
    server = Server.PROD
    description = "bring the rows that differ to the state of dev, in one transaction"

    def observe(self, run: Run) -> bool:
        return run.progress.reconciled_by is not None

    def do(self, run: Run) -> str:
        assert run.exported is not None
        assert run.baseline is not None
        role = run.reconcile_role()
        with run.servers.read_dev("reconcile") as dev, run.servers.read_prod("reconcile") as prod:
            join_snapshot(dev, run.exported.snapshot)
            differences = compare_all(dev, prod, run.scope, run.setting.seed)
            moves = moves_of(dev, prod, run.scope, differences, run.setting.seed)

            def write() -> list[Outcome]:
                run.check_effects()
                with run.writing(role) as writer:
                    writer.begin()
                    done = write_differences(dev, writer, run.scope, differences, run.setting.seed, run.listener.say)
                    sequences.move(run.writer, sequences.targets(dev, run.writer, run.scope))
                    writer.become_operator()
                    refuse_new_orphans(run.writer, run, run.baseline.orphans if run.baseline else ())
                    self._record(run, done, moves)
                    # Whoever took over meanwhile must find things as the journal has them.
                    run.check_lock()
                return done

            outcomes = run.retrying(write)
        run.release_snapshots()
        analyze(run)
        # An application may have deleted a referenced user between the check and the commit.
        with run.writer.transaction(READ_ONLY):
            refuse_new_orphans(run.writer, run, run.baseline.orphans)
        inserted = sum(len(outcome.made) for outcome in outcomes)
        return f"{inserted} rows inserted, {sum(outcome.updated for outcome in outcomes)} updated"

    def undo(self, run: Run) -> list[Removed]:
        if run.progress.reconciled_by is not None:
            restored = tuple(put_back(run, keep_referenced=True))
            run.note(reconciled_by=None, restored=restored)
        return []

    def _record(self, run: Run, outcomes: Iterable[Outcome], moves: tuple[Moves, ...]) -> None:
        for outcome in outcomes:
            run.journal.add_made_rows(outcome.table, outcome.made)
        transaction = int(run.writer.value("SELECT pg_catalog.pg_current_xact_id()::text"))
        run.note(reconciled_by=transaction, reconciled=tuple(outcome.report for outcome in outcomes), moves=moves)

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        differences = foreseen.differences
        for door, statement in planned_statements(run.dev, run.writer, run.scope, differences, run.setting.seed):
            yield Planned(door, statement)
        for target in sequences.targets(run.dev, run.writer, run.scope, foreseen=True):
            yield Planned(run.writer, sequences.move_statement(target))
        for table in run.scope.tables:
            if differences[table.name].new:
                yield noted(run, "insert_made_rows")
        yield noted(run, "set_progress")
        if may_maintain(run.writer):
            for table in run.scope.tables:
                yield Planned(run.writer, analyze_statement(table))

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        names = run.scope.names
        yield lock(Server.DEV, ACCESS_SHARE, names)
        # Whether a row of content points nowhere is seen in the tables that it points at.
        pointed_at = (key.references for key in run.scope.foreign_keys if key.table in names)
        yield lock(Server.PROD, ACCESS_SHARE, dict.fromkeys((*names, *pointed_at)))
        written = tuple(name for name in names if foreseen.differences[name].wanted)
        moved = tuple(one.name for one in sequences.targets(run.dev, run.writer, run.scope, foreseen=True))
        if written or moved:
            yield lock(Server.PROD, ROW_EXCLUSIVE, (*written, *moved))
        if may_maintain(run.writer):
            yield lock(Server.PROD, SHARE_UPDATE_EXCLUSIVE, names)

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        content = foreseen.content_bytes(run.scope)
        return Work(
            read=content,
            read_on_dev=content,
            moved=foreseen.moved,
            inserted=sum(len(one.new) for one in foreseen.differences.values()),
            updated=sum(len(one.updated) for one in foreseen.differences.values()),
        )


def refuse_new_orphans(door: Door, run: Run, before: Iterable[Orphans]) -> None:
    """See that no foreign key of a content table points nowhere that did not before.

    Only keys that lead from content are looked at: the reconcile neither deletes a row nor changes a key, so none that
    leads to content can have lost its row.

    :raises ValidationFailed: one does.
    """
    content = set(run.scope.names)
    keys = [key for key in run.scope.foreign_keys if key.table in content]
    found = new_orphans(before, count_all(door, keys))
    if found:
        raise ValidationFailed(
            "; ".join(found),
            hint="Let dev's rows point at rows that production has (a dev-only user?), then open the window again.",
            code="new-orphans",
        )


def analyze(run: Run) -> None:
    """Give the planner the new figures, where the server lets another than the owner do so.

    In one transaction, because each is judged before it commits.
    """
    if not may_maintain(run.writer):
        return
    with run.writing(APPLY_ROLE) as writer:
        writer.become(APPLY_ROLE)
        for table in run.scope.tables:
            run.writer.execute(analyze_statement(table))


def analyze_statement(table: ScopeTable) -> Composed:
    """What gives the planner the new figures of a table."""
    return query("content/analyze_table", table=relation(table.name))


def put_back(run: Run, *, keep_referenced: bool) -> list[RestoredTable]:
    """Restore the content of the window's backup, in one transaction with its journal entry."""
    restored = run.retrying(lambda: _put_back_once(run, keep_referenced))
    analyze(run)
    return restored


def _put_back_once(run: Run, keep_referenced: bool) -> list[RestoredTable]:
    run.check_effects()
    scope = scope_now(run)
    with run.writer.transaction(READ_ONLY):
        before = count_all(run.writer, scope.foreign_keys)
    with run.writing(RESTORE_ROLE) as writer:
        restore = open_restore(run, scope, writer, keep_referenced=keep_referenced)
        writer.begin()
        restored = restore.run()
        writer.become_operator()
        found = new_orphans(before, count_all(run.writer, scope.foreign_keys))
        if found:
            raise ValidationFailed(
                "; ".join(found),
                hint="Rows of the baseline point at rows that are gone; the content stays as it is.",
                code="new-orphans",
            )
        run.journal.step("restore", "done", "; ".join(one.model_dump_json() for one in restored))
        if not run.keeps_progress:
            run.journal.set_restoring(run.restoring(RestoreStage.WRITTEN))
        run.check_lock()
    return restored


def foresee(run: Run, *, keep_referenced: bool) -> Foresight:
    """See what a restore would do; nothing but temporary tables is written, and they go with the transaction.

    No role is taken on: nothing of content is written, and what is read needs the operator's own rights.
    """
    with run.writing(RESTORE_ROLE) as writer:
        return open_restore(run, scope_now(run), writer, keep_referenced=keep_referenced).foresee()


def scope_now(run: Run) -> Scope:
    """The window's content with the foreign keys of today: an application's later table may reference it too."""
    keys = touching(read_foreign_keys(run.writer), run.scope.names)
    return run.scope.model_copy(update={"foreign_keys": keys})


def open_restore(run: Run, scope: Scope, writer: Writer, *, keep_referenced: bool) -> Restore:
    """A restore, ready to run inside a transaction of the writing door."""
    assert run.baseline is not None
    manifest = run.manifest()
    directory = run.progress.backup
    assert directory is not None
    files = {one.table: one for one in manifest.content}
    missing = [str(name) for name in scope.names if name not in files]
    if missing:
        raise BackupFailed(f"{directory} holds no rows of {', '.join(missing)}")
    facts = read_server_facts(run.writer)
    tracks = facts.tracks_commits and run.baseline.tracks_commits
    made = {} if run.recorded else {one.name: frozenset(run.journal.made_rows(one.name)) for one in scope.tables}
    traces = Traces(
        made=made,
        origins=_origins_of_made_rows(run),
        since=run.baseline.xid if tracks else None,
        overwritten=tuple(run.journal.overwritten()),
    )

    def read(table: ScopeTable) -> Iterable[bytes]:
        return read_content(directory, files[table.name])

    return Restore(writer, scope, run.setting.seed, traces, read, keep_referenced=keep_referenced)


def _origins_of_made_rows(run: Run) -> Container[int]:
    """By which origins a row of the window is known, beside those that are noted."""
    if run.recorded:
        # Nothing was noted, and the window's origins are gone: whatever a stream wrote that is nobody else's now.
        others = {n for n, name in origins.all_origins(run.writer).items() if not name.startswith(PREFIX)}
        return AllBut(frozenset({LOCAL_ORIGIN, *others}))
    # The numbers of a closed window's origins may be another's by now; its rows were noted when it closed.
    return frozenset(our_origins(run)) if run.keeps_progress else frozenset()


def our_origins(run: Run) -> set[int]:
    """Numbers of the origins that this window's writes carry, as far as they still exist."""
    numbers = {origins.origin_id(run.writer, run.origin)}
    if run.progress.subscription_oid is not None:
        numbers.add(origins.origin_id(run.writer, origins.worker_origin(run.progress.subscription_oid)))
    return {number for number in numbers if number is not None}
