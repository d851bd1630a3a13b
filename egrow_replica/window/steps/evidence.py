"""The steps that look and keep: baseline, backup, catching up, validation."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.backup import BackupFacts, ContentTable, TableFingerprint, make_backup
from egrow_replica.catalog import read_server_facts
from egrow_replica.db import SNAPSHOT
from egrow_replica.errors import ValidationFailed
from egrow_replica.evidence import (
    WalState,
    advance_slot,
    counts_statement,
    hand_in_counts,
    slot_state,
    slot_statement,
    take_baseline,
)
from egrow_replica.evidence.wal_read import advance_statement, drop_statement
from egrow_replica.model import EvidenceTier, Server, WindowState
from egrow_replica.replication import origins, subscription
from egrow_replica.replication.history import moment
from egrow_replica.results import PlannedLock, Removed, Validation
from egrow_replica.streaks import read_numbers
from egrow_replica.window.definitions import judged_definitions
from egrow_replica.window.journal import StreamLook
from egrow_replica.window.own_columns import columns_to_keep, small_values, values_to_keep
from egrow_replica.window.run import Run
from egrow_replica.window.steps.base import ACCESS_SHARE, Foreseen, Planned, Step, Work, lock, noted
from egrow_replica.window.stream_look import catch_up
from egrow_replica.window.subject import Subject
from egrow_replica.window.user_rows import Before, name_user_rows
from egrow_replica.window.validation import Gathered, look_at_hold, protected_tables, validate
from egrow_replica.window.wal import keep_wal, release_wal


class KeepWal(Step):
    """Production's WAL is kept and read from a place before the baseline, where server and privileges allow it."""

    name = "keep-wal"
    server = Server.PROD
    description = "keep production's WAL until it was examined"

    def observe(self, run: Run) -> bool:
        return run.progress.backup is not None and run.baseline is not None

    def do(self, run: Run) -> str:
        reading = keep_wal(run)
        run.note(wal=reading.state, wal_missing=reading.reason)
        return reading.reason or "from " + (reading.state.start if reading.state else "")

    def undo(self, run: Run) -> list[Removed]:
        dropped = release_wal(run)
        return [Removed(server=Server.PROD, kind="slot", name=run.names.wal_slot)] if dropped else []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield Planned(run.writer, slot_statement(run.names.wal_slot))
        yield Planned(run.writer, drop_statement(run.names.wal_slot), when="production's WAL cannot be read")
        yield noted(run, "set_progress")


class TakeBaseline(Step):
    """Fingerprints of every table that is not content, orphans and counters, from one exported snapshot.

    Before that it is noted what a write to content depends on, and judged as it is noted.
    """

    name = "baseline"
    server = Server.PROD
    description = "fingerprint every table that is not content, count orphans, in one snapshot"

    def observe(self, run: Run) -> bool:
        return run.progress.backup is not None and run.baseline is not None

    def do(self, run: Run) -> str:
        run.release_snapshots()
        with run.servers.read_prod(f"{run.names.window}/definitions") as door:
            door.execute(SNAPSHOT)
            definitions = judged_definitions(door, run.scope, run.setting)
        hold, hold_missing = look_at_hold(run.servers, run.scope, run.names.common)
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
            probes=run.settings.validation.probes,
            origins=origins.all_origins(first),
            progress=run.listener.advance,
        )
        run.journal.set_baseline(run.baseline)
        run.note(streaks=read_numbers(first), hold=hold, hold_missing=hold_missing, definitions=definitions)
        rows = sum(fingerprint.rows for fingerprint in run.baseline.fingerprints)
        return f"{len(run.baseline.fingerprints)} protected tables, {rows} rows"

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield noted(run, "set_baseline")
        yield noted(run, "set_progress")

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        # Counting orphans reads content too.
        content = {name for key in run.scope.foreign_keys for name in (key.table, key.references)}
        names = (one.name for one in foreseen.protected(run.scope))
        yield lock(Server.PROD, ACCESS_SHARE, dict.fromkeys((*names, *sorted(content))))

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        return Work(read=sum(one.bytes for one in foreseen.protected(run.scope)))


class Backup(Step):
    """Content files and the whole database, from the baseline's snapshot. A backup is never undone."""

    name = "backup"
    server = Server.PROD
    description = "copy the content tables and dump the whole database, from the same snapshot"

    def observe(self, run: Run) -> bool:
        return run.progress.backup is not None

    def do(self, run: Run) -> str:
        assert run.snapshot is not None
        assert run.baseline is not None
        base = run.settings.backup.directory
        own_columns = columns_to_keep(run.snapshot.doors[0], run.scope)
        facts = read_server_facts(run.snapshot.doors[0])
        manifest = make_backup(
            run.snapshot.doors[0],
            run.servers.prod,
            tables=[
                ContentTable(
                    table=table.name,
                    columns=table.stored_columns,
                    key=table.key,
                    production_columns=tuple(one for one in table.production_columns if one in table.stored_columns),
                )
                for table in run.scope.tables
            ],
            snapshot=run.snapshot.name,
            base=base,
            window=run.names.window,
            settings=run.settings.backup,
            waits=run.servers.waits,
            whole_database=run.setting.whole_backup,
            facts=BackupFacts(
                database=facts.database,
                system_identifier=facts.system_identifier,
                lsn=run.snapshot.lsn,
                position=run.baseline.position,
            ),
            fingerprints=[
                TableFingerprint(
                    table=one.table, rows=one.rows, hash=one.hash, columns=tuple(column.name for column in one.columns)
                )
                for one in run.baseline.fingerprints
            ],
            values=values_to_keep(run.scope, own_columns, run.setting.seed),
        )
        run.release_snapshots()
        run.journal.keep_own_values(small_values(base / manifest.directory, manifest))
        run.note(backup=base / manifest.directory, own_columns=own_columns)
        return f"{manifest.bytes} bytes in {base / manifest.directory}"

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield noted(run, "delete_own_values")
        if any(table.own_columns for table in run.scope.tables):
            yield noted(run, "insert_own_values")
        yield noted(run, "set_progress")

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        others = foreseen.relations.values() if run.setting.whole_backup else ()
        names = dict.fromkeys((*run.scope.names, *(one.name for one in others if one.kind in "rp")))
        yield lock(Server.PROD, ACCESS_SHARE, names)

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        size = foreseen.content_bytes(run.scope)
        if run.setting.whole_backup:
            size += sum(one.bytes for one in foreseen.relations.values() if one.holds_rows)
        return Work(read=size, moved=size)


class CatchUp(Step):
    """Production has confirmed everything that dev had committed when the step began."""

    name = "catch-up"
    server = Server.PROD
    description = "wait until production has confirmed what dev has committed"

    def do(self, run: Run) -> str:
        catch_up(run.dev, run.writer, subject_of(run), run.settings.window.catchup_timeout, run.listener)
        return ""

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        return Work(waits=True)


class Validate(Step):
    """The evidence; whatever fails there rolls the window back."""

    name = "validate"
    server = Server.PROD
    description = "gather the evidence: users' data, orphans, content, conflicts, workers"

    def do(self, run: Run) -> str:
        validation = gather(run, subject_of(run))
        refuse_failed(run, validation)
        return f"{validation.verdict.value} ({validation.evidence.value})"

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield Planned(run.writer, counts_statement())
        yield noted(run, "set_progress")
        yield noted(run, "set_validation")
        advance = advance_statement(run.names.wal_slot, "0/0")
        yield Planned(run.writer, advance, when="production's WAL could be read")

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        yield lock(Server.DEV, ACCESS_SHARE, run.scope.names)
        yield lock(Server.PROD, ACCESS_SHARE, (*run.scope.names, *(one.name for one in foreseen.protected(run.scope))))

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        content = foreseen.content_bytes(run.scope)
        return Work(read=content + sum(one.bytes for one in foreseen.protected(run.scope)), read_on_dev=content)


class Streaming(Step):
    """The window is open."""

    name = "streaming"
    server = Server.PROD
    description = "note that the window is open"

    def do(self, run: Run) -> str:
        found = subscription.get(run.writer, run.names.common)
        run.note(apply_errors=found.apply_errors if found else 0, dev=moment(run.dev, run.names.common))
        if not read_server_facts(run.writer).bounds_slots:
            # Nobody looks after the window from here on, and an unbounded slot would fill production's disk.
            release_wal(run)
        run.journal.set_state(WindowState.STREAMING)
        return ""

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        yield noted(run, "set_progress")
        if not read_server_facts(run.writer).bounds_slots:
            yield Planned(run.writer, drop_statement(run.names.wal_slot), when="it is still there")
        yield noted(run, "set_state")


def gather(run: Run, subject: Subject, look: StreamLook | None = None, *, last: bool = False) -> Validation:
    """Gather the evidence and store it, with the place up to which WAL was examined; that WAL may go.

    :param look: at the stream, from before it was ended.
    :param last: nothing of the window can write any more: the rows of users that it changed are named.

    Where much WAL is read it is stored and let go on the way, so that a controller that is killed goes on from there.
    """
    hand_in_counts(run.writer)

    def keep(state: WalState) -> None:
        run.note(wal=state)
        _release(run, state)

    gathered = validate(run.servers, run.settings, subject, run.listener, look=look, keep=keep)
    run.note(wal=gathered.wal.state, wal_missing=gathered.wal.reason, publication_look=gathered.publication)
    if gathered.definitions.changes:
        run.note(definitions_look=gathered.definitions)
    run.journal.set_overwritten(gathered.overwritten)
    validation = with_user_rows(run, subject, gathered) if last else gathered.validation
    run.journal.set_validation(validation)
    if gathered.wal.state is not None and not gathered.wal.reason:  # a slot that has lost its WAL cannot advance
        _release(run, gathered.wal.state)
    return validation


def with_user_rows(run: Run, subject: Subject, gathered: Gathered) -> Validation:
    """The validation with the rows of users that were changed; the window's backup tells what they were before it."""
    own, reason = ("reconcile", "") if run.keeps_progress else ("restore", _OLDER)
    before = Before(run.progress.backup, reason)
    return name_user_rows(run.servers, subject, gathered, before, own=own, bin_dir=run.settings.backup.bin_dir)


_OLDER = "the dump is older than what this restore began with: what people wrote since is not in it"


def _release(run: Run, examined: WalState) -> None:
    """Let WAL go that was examined; what is known of it is in the journal."""
    if slot_state(run.writer, run.names.wal_slot) is not None:
        advance_slot(run.writer, run.names.wal_slot, examined)


def subject_of(run: Run, *, streaming: bool = True, check_content: bool = True, paused: bool = False) -> Subject:
    """What a validation of this run's window is of."""
    assert run.baseline is not None, "a window that has written anything has a baseline"
    return Subject(
        scope=run.scope,
        setting=run.setting,
        progress=run.progress,
        baseline=run.baseline,
        origin=run.origin,
        names=run.names,
        streaming=streaming,
        check_content=check_content,
        check_publication=run.dev_reachable and run.keeps_progress and run.progress.publishes,
        paused=paused,
    )


def refuse_failed(run: Run, validation: Validation) -> None:
    """See that the evidence is good, and rests on what the configuration requires.

    :raises ValidationFailed: it is not; ``report`` is the validation.
    """
    refuse_weak_evidence(run, validation)
    if not validation.passed:
        error = ValidationFailed("; ".join(validation.problems), hint="The report lists the evidence.")
        error.report = validation
        raise error


def refuse_weak_evidence(run: Run, validation: Validation) -> None:
    """See that the verdict rests on the tier that the configuration requires; :raises ValidationFailed: it does not."""
    required = run.settings.evidence.require
    if required != "auto" and validation.evidence.weaker_than(EvidenceTier(required)):
        why = "".join(f" ({note})" for note in validation.notes if note.startswith("no exact") and required == "exact")
        error = ValidationFailed(
            f"the evidence is {validation.evidence.value}, the configuration requires {required}{why}",
            hint="See [evidence] require and the notes of the validation.",
        )
        error.report = validation
        raise error
