"""The steps that look and keep: baseline, backup, catching up, validation."""

from __future__ import annotations

from egrow_replica.backup import BackupFacts, ContentTable, TableFingerprint, make_backup
from egrow_replica.catalog import read_server_facts
from egrow_replica.errors import ValidationFailed
from egrow_replica.evidence import take_baseline
from egrow_replica.model import EvidenceTier, Server, WindowState
from egrow_replica.replication import subscription
from egrow_replica.results import Validation
from egrow_replica.window.run import Run
from egrow_replica.window.steps.base import Step
from egrow_replica.window.validation import Subject, catch_up, protected_tables, validate


class TakeBaseline(Step):
    """Fingerprints of every table that is not content, orphans and counters, from one exported snapshot."""

    name = "baseline"
    server = Server.PROD
    description = "fingerprint every table that is not content, count orphans, in one snapshot"

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
            probes=run.settings.validation.probes,
            progress=run.listener.advance,
        )
        run.journal.set_baseline(run.baseline)
        rows = sum(fingerprint.rows for fingerprint in run.baseline.fingerprints)
        return f"{len(run.baseline.fingerprints)} protected tables, {rows} rows"


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


class CatchUp(Step):
    """Production has confirmed everything that dev had committed when the step began."""

    name = "catch-up"
    server = Server.PROD
    description = "wait until production has confirmed what dev has committed"

    def do(self, run: Run) -> str:
        catch_up(run.dev, run.writer, subject_of(run), run.settings.window.catchup_timeout, run.listener)
        return ""


class Validate(Step):
    """The evidence; whatever fails there rolls the window back."""

    name = "validate"
    server = Server.PROD
    description = "gather the evidence: users' data, orphans, content, conflicts, workers"

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
    server = Server.PROD
    description = "note that the window is open"

    def do(self, run: Run) -> str:
        found = subscription.get(run.writer, run.names.common)
        run.note(apply_errors=found.apply_errors if found else 0)
        run.journal.set_state(WindowState.STREAMING)
        return ""


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
