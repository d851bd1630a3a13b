"""The steps of a window. Each can see whether it is already so, make it so, and take it back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import ClassVar

from egrow_replica.backup import BackupFacts, ContentTable, TableFingerprint, make_backup, read_content
from egrow_replica.catalog import ContentTable as ScopeTable
from egrow_replica.catalog import read_server_facts
from egrow_replica.catalog.roles import APPLY_ROLE, RESTORE_ROLE, may_maintain, read_roles
from egrow_replica.content import Outcome, Restore, Traces, compare_all, write_differences
from egrow_replica.db import CreateReplicationSlot, Door, ExportedSlot, connect, query
from egrow_replica.errors import ValidationFailed
from egrow_replica.evidence import Orphans, count_all, new_orphans, take_baseline
from egrow_replica.guard import Policy
from egrow_replica.model import EvidenceTier, Server, WindowState
from egrow_replica.replication import origins, publication, roles, sequences, slot, subscription
from egrow_replica.results import Removed, RestoredTable, Validation
from egrow_replica.window.run import CONTENT_ROLES, Run
from egrow_replica.window.secrets import keep_statements_out_of_log
from egrow_replica.window.servers import join_snapshot
from egrow_replica.window.validation import Subject, catch_up, protected_tables, validate


class Step(ABC):
    """An effect on a server, described so that one runner can execute, resume and undo it.

    :cvar name: stable, for the journal and for JSON.
    """

    name: ClassVar[str]

    def observe(self, run: Run) -> bool:
        """Whether the effect is there already, as the server and the journal say."""
        return False

    @abstractmethod
    def do(self, run: Run) -> str:
        """Make it so; a sentence for the report, or ``""``."""

    def undo(self, run: Run) -> list[Removed]:
        """Take it back, whatever is left of it; what was removed. Nothing by default: the step changes nothing."""
        return []


class Origin(Step):
    """The replication origin that marks every write of ours."""

    name = "origin"

    def observe(self, run: Run) -> bool:
        return run.progress.origin_id is not None and origins.origin_id(run.writer, run.origin) is not None

    def do(self, run: Run) -> str:
        number = origins.create(run.writer, run.origin)
        origins.use(run.writer, run.origin)
        run.note(origin_id=number)
        return ""

    def undo(self, run: Run) -> list[Removed]:
        # No connection may use an origin that is dropped, so ours is exchanged for one without.
        run.release_writer()
        with run.servers.write_prod(run.scope, run.names, run.origin) as door:
            dropped = origins.drop(door, run.origin)
        return [Removed(server=Server.PROD, kind="origin", name=run.origin)] if dropped else []


class Roles(Step):
    """The content roles, where a superuser opens the window and ``setup`` has not made them."""

    name = "roles"

    def observe(self, run: Run) -> bool:
        return not run.setting.makes_roles

    def do(self, run: Run) -> str:
        with self._door(run) as door:
            existing = read_roles(door, CONTENT_ROLES)
            with door.transaction():
                for statement in roles.content_roles(door, self._place(run), existing):
                    door.execute(statement)
        return f"made {APPLY_ROLE} and {RESTORE_ROLE}"

    def undo(self, run: Run) -> list[Removed]:
        if not run.setting.makes_roles:
            return []
        with self._door(run) as door:
            existing = read_roles(door, CONTENT_ROLES)
            with door.transaction():
                for statement in roles.removal(CONTENT_ROLES, existing):
                    door.execute(statement)
        return [Removed(server=Server.PROD, kind="role", name=name) for name in CONTENT_ROLES if name in existing]

    def _place(self, run: Run) -> roles.Place:
        facts = read_server_facts(run.writer)
        return roles.Place(
            database=facts.database,
            schemas=tuple(sorted({table.name.schema for table in run.scope.tables})),
            owners=(),
            content=run.scope.names,
            sequences=tuple(one.name for one in run.scope.sequences),
        )

    def _door(self, run: Run) -> Door:
        place = self._place(run)
        policy = Policy.for_setup(
            content=place.content,
            sequences=place.sequences,
            roles=CONTENT_ROLES,
            database=place.database,
            schemas=place.schemas,
        )
        return connect(run.servers.prod, Server.PROD, policy, what=f"{run.names.window}/roles", read_only=False)


class TakeBaseline(Step):
    """Fingerprints of every table that is not content, orphans and counters, from one exported snapshot."""

    name = "baseline"

    def observe(self, run: Run) -> bool:
        return run.progress.backup is not None and run.baseline is not None

    def do(self, run: Run) -> str:
        run.release_snapshots()
        snapshot = run.snapshot_stack.enter_context(run.servers.prod_snapshot(f"{run.names.window}/baseline"))
        first = snapshot.doors[0]
        run.snapshot = snapshot
        run.baseline = take_baseline(
            snapshot.doors,
            protected_tables(first, run.scope),
            run.scope.foreign_keys,
            seed=run.setting.seed,
            lsn=snapshot.lsn,
            tracks_commits=read_server_facts(first).tracks_commits,
            progress=run.listener.advance,
        )
        run.journal.set_baseline(run.baseline)
        rows = sum(fingerprint.rows for fingerprint in run.baseline.fingerprints)
        return f"{len(run.baseline.fingerprints)} protected tables, {rows} rows"


class Backup(Step):
    """Content files and the whole database, from the baseline's snapshot. A backup is never undone."""

    name = "backup"

    def observe(self, run: Run) -> bool:
        return run.progress.backup is not None

    def do(self, run: Run) -> str:
        assert run.snapshot is not None
        assert run.baseline is not None
        base = run.settings.backup.directory
        facts = read_server_facts(run.snapshot.doors[0])
        manifest = make_backup(
            run.snapshot.doors[0],
            run.servers.prod,
            tables=[
                ContentTable(table=table.name, columns=table.stored_columns, key=table.key)
                for table in run.scope.tables
            ],
            snapshot=run.snapshot.name,
            base=base,
            window=run.names.window,
            settings=run.settings.backup,
            whole_database=run.setting.whole_backup,
            facts=BackupFacts(database=facts.database, system_identifier=facts.system_identifier, lsn=run.snapshot.lsn),
            fingerprints=[
                TableFingerprint(
                    table=one.table, rows=one.rows, hash=one.hash, columns=tuple(column.name for column in one.columns)
                )
                for one in run.baseline.fingerprints
            ],
        )
        run.release_snapshots()
        run.note(backup=base / manifest.directory)
        return f"{manifest.bytes} bytes in {base / manifest.directory}"


class Publication(Step):
    """The publication on dev."""

    name = "publication"

    def observe(self, run: Run) -> bool:
        return publication.exists(run.dev, run.names.common)

    def do(self, run: Run) -> str:
        publication.create(run.dev, run.names.common, run.scope, run.setting.publish)
        return f"{len(run.scope.tables)} tables"

    def undo(self, run: Run) -> list[Removed]:
        dropped = publication.drop(run.dev, run.names.common)
        return [Removed(server=Server.DEV, kind="publication", name=run.names.common)] if dropped else []


class Slot(Step):
    """The slot on dev with its exported snapshot. Its name is in the journal before it exists: it is the window's."""

    name = "slot"

    def observe(self, run: Run) -> bool:
        # Until the reconcile has committed, a slot is worth nothing without its snapshot.
        return run.progress.reconciled_by is not None and slot.get(run.dev, run.names.common) is not None

    def do(self, run: Run) -> str:
        slot.drop(run.dev, run.names.common)
        run.exported = ExportedSlot(
            run.servers.dev, CreateReplicationSlot(run.names.common), what=f"{run.names.window}/slot"
        )
        run.note(slot_lsn=run.exported.lsn)
        return f"from {run.exported.lsn}"

    def undo(self, run: Run) -> list[Removed]:
        run.release_snapshots()
        dropped = slot.drop(run.dev, run.names.common)
        return [Removed(server=Server.DEV, kind="slot", name=run.names.common)] if dropped else []


class Reconcile(Step):
    """Production's content brought to dev's state at the slot's LSN, in one transaction."""

    name = "reconcile"

    def observe(self, run: Run) -> bool:
        return run.progress.reconciled_by is not None

    def do(self, run: Run) -> str:
        assert run.exported is not None
        assert run.baseline is not None
        with run.servers.read_dev("reconcile") as dev, run.servers.read_prod("reconcile") as prod:
            join_snapshot(dev, run.exported.snapshot)
            differences = compare_all(dev, prod, run.scope, run.setting.seed)

            def write() -> list[Outcome]:
                run.check_closure()
                with run.writer.transaction():
                    writer = run.content_writer(APPLY_ROLE)
                    writer.begin()
                    done = write_differences(dev, writer, run.scope, differences, run.setting.seed, run.listener.say)
                    sequences.move(run.writer, sequences.targets(dev, run.writer, run.scope))
                    writer.become_operator()
                    refuse_new_orphans(run.writer, run, run.baseline.orphans if run.baseline else ())
                    self._record(run, done)
                return done

            outcomes = run.retrying(write)
        run.release_snapshots()
        analyze(run)
        # An application may have deleted a referenced user between the check and the commit.
        refuse_new_orphans(run.writer, run, run.baseline.orphans)
        inserted = sum(len(outcome.made) for outcome in outcomes)
        return f"{inserted} rows inserted, {sum(outcome.updated for outcome in outcomes)} updated"

    def undo(self, run: Run) -> list[Removed]:
        if run.progress.reconciled_by is not None:
            put_back(run, keep_referenced=True)
            run.note(reconciled_by=None)
        return []

    def _record(self, run: Run, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            run.journal.add_made_rows(outcome.table, outcome.made)
        transaction = int(run.writer.value("SELECT pg_catalog.pg_current_xact_id()::text"))
        run.note(reconciled_by=transaction, reconciled=tuple(outcome.report for outcome in outcomes))


class Subscription(Step):
    """The subscription, owned by the apply role before its first worker starts."""

    name = "subscription"

    def observe(self, run: Run) -> bool:
        found = subscription.get(run.writer, run.names.common)
        return found is not None and found.enabled and found.owner == run.worker_role

    def do(self, run: Run) -> str:
        subscription.drop(run.writer, run.names.common)
        keep_statements_out_of_log(run.writer)
        with run.writer.transaction():
            oid = subscription.create(run.writer, run.names.common, run.servers.stream, run.worker_role)
            run.note(subscription_oid=oid)
        found = subscription.get(run.writer, run.names.common)
        assert found is not None
        subscription.enable(run.writer, found)
        return f"owned by {run.worker_role}"

    def undo(self, run: Run) -> list[Removed]:
        dropped = subscription.drop(run.writer, run.names.common)
        return [Removed(server=Server.PROD, kind="subscription", name=run.names.common)] if dropped else []


class CatchUp(Step):
    """Production has confirmed everything that dev had committed when the step began."""

    name = "catch-up"

    def do(self, run: Run) -> str:
        catch_up(run.dev, run.writer, subject_of(run), run.settings.window.catchup_timeout, run.listener)
        return ""


class Validate(Step):
    """The evidence; whatever fails there rolls the window back."""

    name = "validate"

    def do(self, run: Run) -> str:
        validation = validate(run.servers, run.settings, subject_of(run), run.listener)
        run.journal.set_validation(validation)
        refuse_weak_evidence(run, validation)
        if not validation.passed:
            error = ValidationFailed("; ".join(validation.problems), hint="The report lists the evidence.")
            error.report = validation
            raise error
        return f"{validation.verdict.value} ({validation.evidence.value})"


class Streaming(Step):
    """The window is open."""

    name = "streaming"

    def do(self, run: Run) -> str:
        found = subscription.get(run.writer, run.names.common)
        run.note(apply_errors=found.apply_errors if found else 0)
        run.journal.set_state(WindowState.STREAMING)
        return ""


ENABLE_STEPS: tuple[Step, ...] = (
    Origin(),
    Roles(),
    TakeBaseline(),
    Backup(),
    Publication(),
    Slot(),
    Reconcile(),
    Subscription(),
    CatchUp(),
    Validate(),
    Streaming(),
)
#: What a window leaves on the servers, in the order of its making; taken back in reverse.
OBJECT_STEPS: tuple[Step, ...] = (Origin(), Roles(), Publication(), Slot(), Subscription())


def subject_of(run: Run, *, streaming: bool = True, check_content: bool = True) -> Subject:
    """What a validation of this run's window is of."""
    assert run.baseline is not None, "a window that has written anything has a baseline"
    return Subject(
        scope=run.scope,
        setting=run.setting,
        progress=run.progress,
        baseline=run.baseline,
        origin=run.origin,
        common=run.names.common,
        streaming=streaming,
        check_content=check_content,
    )


def refuse_weak_evidence(run: Run, validation: Validation) -> None:
    """See that the verdict rests on the tier that the configuration requires; :raises ValidationFailed: it does not."""
    required = run.settings.evidence.require
    if required != "auto" and validation.evidence is not EvidenceTier(required):
        error = ValidationFailed(
            f"the evidence is {validation.evidence.value}, the configuration requires {required}",
            hint="See [evidence] require and the notes of the validation.",
        )
        error.report = validation
        raise error


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
    """Give the planner the new figures, where the server lets another than the owner do so."""
    if not may_maintain(run.writer):
        return
    for table in run.scope.tables:
        with run.writer.transaction():
            run.content_writer(APPLY_ROLE).become(APPLY_ROLE)
            run.writer.execute(query("content/analyze_table", table=table.source))


def put_back(run: Run, *, keep_referenced: bool) -> list[RestoredTable]:
    """Restore the content of the window's backup, in one transaction with its journal entry."""
    restored = run.retrying(lambda: _put_back_once(run, keep_referenced))
    analyze(run)
    return restored


def _put_back_once(run: Run, keep_referenced: bool) -> list[RestoredTable]:
    run.check_closure()
    before = count_all(run.writer, run.scope.foreign_keys)
    with run.writer.transaction():
        restore = open_restore(run, keep_referenced=keep_referenced)
        restored = restore.run()
        run.content_writer(RESTORE_ROLE).become_operator()
        found = new_orphans(before, count_all(run.writer, run.scope.foreign_keys))
        if found:
            raise ValidationFailed(
                "; ".join(found),
                hint="Rows of the baseline point at rows that are gone; the content stays as it is.",
                code="new-orphans",
            )
        run.journal.step("restore", "done", "; ".join(one.model_dump_json() for one in restored))
    return restored


def foresee(run: Run) -> list[RestoredTable]:
    """Count what a restore would do; nothing but temporary tables is written, and they go with the transaction."""
    with run.writer.transaction():
        return open_restore(run, keep_referenced=True).foresee()


def open_restore(run: Run, *, keep_referenced: bool) -> Restore:
    """A restore, ready to run inside a transaction of the writing door; takes on the restore role."""
    assert run.baseline is not None
    manifest = run.manifest()
    directory = run.progress.backup
    assert directory is not None
    files = {one.table: one for one in manifest.content}
    facts = read_server_facts(run.writer)
    tracks = facts.tracks_commits and run.baseline.tracks_commits
    age = int(run.writer.value(query("evidence/age_of"), [run.baseline.position])) if tracks else None
    traces = Traces(
        made={table.name: frozenset(run.journal.made_rows(table.name)) for table in run.scope.tables},
        origins=frozenset(our_origins(run)),
        age=age,
    )
    writer = run.content_writer(RESTORE_ROLE)
    writer.begin()

    def read(table: ScopeTable) -> Iterable[bytes]:
        return read_content(directory, files[table.name])

    return Restore(writer, run.scope, run.setting.seed, traces, read, keep_referenced=keep_referenced)


def our_origins(run: Run) -> set[int]:
    """Numbers of the origins that this window's writes carry, as far as they still exist."""
    numbers = {origins.origin_id(run.writer, run.origin)}
    if run.progress.subscription_oid is not None:
        numbers.add(origins.origin_id(run.writer, f"pg_{run.progress.subscription_oid}"))
    return {number for number in numbers if number is not None}
