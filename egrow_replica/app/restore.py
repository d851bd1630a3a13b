"""Putting the content of a closed window back to what it was before."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from egrow_replica import __version__
from egrow_replica.app.context import Context, locked, open_window, run_for
from egrow_replica.app.recorded import window_of_backup
from egrow_replica.app.restore_rights import missing_rights
from egrow_replica.app.restoring import unjudged
from egrow_replica.backup import load
from egrow_replica.catalog import read_foreign_keys, read_server_facts
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, PreflightFailed, ValidationFailed, WrongState, together
from egrow_replica.evidence import take_baseline, touching
from egrow_replica.model import Model, TableVerdict, WindowState
from egrow_replica.replication import origins
from egrow_replica.replication.names import check_window_name
from egrow_replica.results import RestoredTable, RestoreReport, Validation, WindowSummary
from egrow_replica.streaks import read_numbers
from egrow_replica.window.journal import Progress, RestoreStage, Window, read_windows
from egrow_replica.window.left import keep_content
from egrow_replica.window.outcome import users
from egrow_replica.window.run import Run
from egrow_replica.window.runner import Runner
from egrow_replica.window.servers import Servers
from egrow_replica.window.steps import Origin, Roles, Step, foresee, put_back, subject_of, with_user_rows
from egrow_replica.window.validation import look_at_hold, protected_tables, validate
from egrow_replica.window.wal import begin_reading

#: What is not known of a window of which there is nothing but the backup.
RECORDED = (
    "the journal does not know this window: a row that is not in its backup is taken for the window's only where a "
    "replication origin wrote it last that is nobody else's; the others stay, as edited here"
)


class RestoreOptions(Model):
    """What the command line says.

    :ivar keep_referenced: keep rows of the window that users' rows reference; else stop.
    """

    window: str | None = None
    backup: Path | None = None
    dry_run: bool = False
    keep_referenced: bool = True


class TakeRestoreBaseline(Step):
    """Fingerprints right before the restore: its validation covers its own writes, not the window's."""

    name = "baseline"

    def observe(self, run: Run) -> bool:
        """Whether a killed restore took one whose writes are still to be judged."""
        return run.before_restore is not None

    def do(self, run: Run) -> str:
        """Fingerprint the protected tables as they are now."""
        assert run.baseline is not None
        reading = begin_reading(run.servers, run.scope)
        hold, hold_missing = look_at_hold(run.servers, run.scope, run.names.common)
        run.note(wal=reading.state, wal_missing=reading.reason, hold=hold, hold_missing=hold_missing)
        with run.servers.prod_snapshot(f"{run.names.window}/baseline") as snapshot:
            first = snapshot.doors[0]
            run.before_restore = take_baseline(
                snapshot.doors,
                protected_tables(first, run.scope),
                touching(read_foreign_keys(first), run.scope.names),
                seed=run.setting.seed,
                lsn=snapshot.lsn,
                tracks_commits=read_server_facts(first).tracks_commits,
                probes=(),
                origins=origins.all_origins(first),
                progress=run.listener.advance,
            )
            run.note(streaks=read_numbers(first))
        return f"{len(run.before_restore.fingerprints)} protected tables"


class PutBack(Step):
    """The content as the backup has it, in one transaction."""

    name = "restore"

    def __init__(self, keep_referenced: bool) -> None:
        self._keep_referenced = keep_referenced
        self.restored: list[RestoredTable] = []

    def do(self, run: Run) -> str:
        """Write, with retries while the application holds a lock, and keep what that leaves."""
        self.restored = put_back(run, keep_referenced=self._keep_referenced)
        keep_content(run, "restore")
        return ""


#: What a restore makes for itself; taken back in reverse.
_OWN_STEPS: tuple[Step, ...] = (Origin(), Roles())


def restore(context: Context, options: RestoreOptions) -> RestoreReport:
    """Bring content back to the baseline of a closed window.

    :raises EgrowError: nothing was written, or the validation failed; ``report`` says which. With ``dry_run`` what
        would stop the restore, as far as it can be foreseen.
    """
    started = time.monotonic()
    # Where the journal is gone, what the roles hold is not known either: the backup is enough.
    tolerated = ("role",) if options.backup is not None else ()
    with locked(context, "restore", tolerated=tolerated) as (servers, door, _):
        windows = read_windows(door)
        window = _window(options, windows) or _recorded(context, door, windows, options)
        run = _run(context, servers, door, window, options)
        run.recorded = window not in windows
        try:
            if options.dry_run:
                return _foresee(run, window, options, started)
            return _restore(run, window, options, started)
        finally:
            run.close()


def _foresee(run: Run, window: Window, options: RestoreOptions, started: float) -> RestoreReport:
    run.check_effects()
    obstacles = list(missing_rights(run))
    if obstacles:  # whatever else is in the way, nothing can be read to see it
        raise together(obstacles)
    foreseen = foresee(run, keep_referenced=options.keep_referenced)
    report = _report(run, window, foreseen.tables, None, started, dry_run=True)
    if foreseen.obstacles:
        error = together(foreseen.obstacles)
        error.report = report
        raise error
    return report


def _restore(run: Run, window: Window, options: RestoreOptions, started: float) -> RestoreReport:
    if run.recorded:
        run.journal.create()
        run.journal.record(window, __version__)
    runner = Runner(run)
    put = PutBack(options.keep_referenced)
    resumed = run.before_restore is not None
    try:
        runner.forward((*_OWN_STEPS, TakeRestoreBaseline(), put))
        run.baseline = run.before_restore
        subject = subject_of(run, streaming=False, check_content=False)
        validation = with_user_rows(run, subject, validate(run.servers, run.settings, subject, run.listener))
        if resumed:
            note = "this covers also what a restore had written that was interrupted before"
            validation = validation.model_copy(update={"notes": (*validation.notes, note)})
        run.journal.step("validate", "done", "; ".join(validation.problems) or str(validation.verdict))
        run.journal.set_restoring(run.restoring(RestoreStage.JUDGED))
    except BaseException:
        _give_up(run, runner)
        raise
    _clean_up(run, runner)
    report = _report(run, window, put.restored, validation, started)
    problem = _problem(runner, validation)
    if problem is not None:
        problem.report = report
        raise problem
    return report


def _give_up(run: Run, runner: Runner) -> None:
    """Remove what the restore made, unless it is still needed to judge what was written."""
    try:
        run.release_writer()  # it may be in the middle of a transaction
        left = run.journal.read().progress.restoring
        if left is not None and left.stage is RestoreStage.WRITTEN:
            run.listener.say(f"warning: {unjudged(run.names.window)}")
            return
        _clean_up(run, runner)
    except EgrowError as error:  # the one that brought us here is what matters
        run.listener.say(f"warning: {error.message}")


def _clean_up(run: Run, runner: Runner) -> None:
    run.release_writer()
    runner.back(_OWN_STEPS)
    if not runner.left:
        run.journal.set_restoring(None)


def _problem(runner: Runner, validation: Validation) -> EgrowError | None:
    if not validation.passed:
        return ValidationFailed(
            "; ".join(validation.problems), hint=f"The content was put back; {users(validation).text()}."
        )
    if runner.left:
        step, error = runner.left[0]
        return WrongState(f"{step.name} could not be removed: {error.message}", code="left-behind")
    return None


def _notes(run: Run) -> Iterator[str]:
    if not run.recorded:
        return
    yield RECORDED
    for table in run.scope.tables:
        if table.production_columns:
            names = ", ".join(table.production_columns)
            yield f"{table.name}: {names} belong to production: whether the window overwrote them is not known here"


def _left_by_window(window: Window) -> Iterator[str]:
    """A restore is of content alone: what the window itself did to users' rows stays."""
    if window.validation is not None and window.validation.verdict is TableVerdict.TOUCHED:
        yield f"window {window.name}: {users(window.validation).text()}"


def _recorded(context: Context, door: Door, windows: list[Window], options: RestoreOptions) -> Window:
    """The window of a backup that the journal does not know."""
    assert options.backup is not None, "else a window was asked for by name"
    manifest = load(options.backup)
    if manifest.window in {window.name for window in windows}:
        raise WrongState(
            f"the journal knows a window {manifest.window}, and not with a baseline and a backup",
            hint="It was rolled back before it wrote anything, or was opened under a name that was free again.",
            code="no-window",
        )
    return window_of_backup(door, manifest, options.backup, context.settings)


def _refuse_other_backup(options: RestoreOptions, own: Path) -> None:
    """See that a backup that was named is the one that the window made; by its name, as it may have been moved."""
    if options.backup is not None and load(options.backup).directory != own.name:
        raise WrongState(
            f"{options.backup} is the backup of another window of that name: the journal's made {own}",
            hint="Name that one, or the window without --backup.",
            code="other-backup",
        )


def _window(options: RestoreOptions, windows: list[Window]) -> Window | None:
    """The window that is meant; ``None`` where only its backup is known.

    :raises WrongState: a window is open, or none is known.
    """
    still = open_window(windows)
    if still is not None:
        raise WrongState(
            f"window {still.name} is open ({still.state})",
            hint="Close it first: `egrow-replica disable`.",
            code="window-open",
        )
    wanted = options.window
    if options.backup is not None:
        manifest = load(options.backup)
        if wanted is not None and manifest.window != wanted:
            raise PreflightFailed(f"{options.backup} is the backup of window {manifest.window}, not of {wanted}")
        wanted = manifest.window
    if wanted is not None:
        check_window_name(wanted)
    for window in windows:
        # One that was rolled back changed nothing that could be put back; it has to be asked for by name.
        chosen = window.name == wanted if wanted is not None else window.state is WindowState.CLOSED
        if chosen and window.baseline is not None and window.progress.backup is not None:
            _refuse_other_backup(options, window.progress.backup)
            return window
    if options.backup is not None:
        return None
    if wanted is None:
        raise WrongState("there is no closed window with a backup", code="no-window")
    raise WrongState(
        f"production's journal knows no window {wanted} with a backup",
        hint="See `egrow-replica backups list`.",
        code="no-window",
    )


def _run(context: Context, servers: Servers, door: Door, window: Window, options: RestoreOptions) -> Run:
    names = window.names
    facts = read_server_facts(door)
    run = run_for(context, servers, door, window, origin=names.restore_origin(facts.database_oid))
    run.keeps_progress = False
    if facts.identity != window.prod_identity:
        raise PreflightFailed(
            f"window {window.name} was opened on another database than this production",
            hint="Look at [prod] in the configuration.",
            code="other-database",
        )
    _adopt(run, window.progress, origins.origin_id(door, run.origin))
    backup = window.progress.backup if options.backup is None else options.backup.absolute()
    run.progress = run.progress.model_copy(update={"backup": backup})
    run.manifest()  # complete and readable, before anything is done
    return run


def _adopt(run: Run, window: Progress, origin: int | None) -> None:
    """Begin a restore, or go on with one whose controller died: its evidence then covers what that one wrote too.

    :param origin: an origin of the restore's name that is there. The name holds this database's number, and the lock
        was free: it is a dead restore's.
    """
    left = window.restoring
    written = left is not None and left.stage is RestoreStage.WRITTEN
    if left is not None and written and origin is not None and left.progress.origin_id == origin:
        run.progress, run.before_restore = left.progress, left.baseline
        return
    # The window's own origin and subscription are gone, and their numbers may be another's by now.
    run.progress = Progress(origin_id=origin)
    if written or (left is None and origin is not None):
        run.listener.say(
            f"warning: a restore of {run.names.window} was killed, and what identified its writes is gone: "
            "the evidence does not cover them"
        )


def _report(
    run: Run,
    window: Window,
    restored: list[RestoredTable],
    validation: Validation | None,
    started: float,
    *,
    dry_run: bool = False,
) -> RestoreReport:
    assert run.progress.backup is not None
    return RestoreReport(
        window=WindowSummary(name=window.name, state=window.state),
        backup=run.progress.backup,
        dry_run=dry_run,
        tables=tuple(restored),
        validation=validation,
        notes=(*_notes(run), *_left_by_window(window)),
        total_seconds=round(time.monotonic() - started, 3),
    )
