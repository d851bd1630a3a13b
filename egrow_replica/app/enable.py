"""Opening a window, or finishing the opening of one whose controller is gone."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NoReturn

from egrow_replica import __version__
from egrow_replica.app.context import Context, locked, open_window, run_for, who
from egrow_replica.app.left import left_behind
from egrow_replica.backup import load
from egrow_replica.catalog import read_server_facts
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, Interrupted, PreflightFailed, ValidationFailed, WrongState
from egrow_replica.model import Check, EvidenceTier, Model, Severity, StepStatus, TableVerdict, WindowState
from egrow_replica.replication.names import ObjectNames, new_id, object_names
from egrow_replica.results import BackupReport, EnableReport, Removed, StepReport, Validation, WindowSummary
from egrow_replica.window.hold import check_roles, read_hold
from egrow_replica.window.journal import Opening, Window, WindowSetting, read_windows
from egrow_replica.window.preflight import Findings, run_preflight
from egrow_replica.window.run import Run
from egrow_replica.window.runner import Runner, roll_back
from egrow_replica.window.servers import Servers
from egrow_replica.window.steps import enable_steps


class EnableOptions(Model):
    """What the command line says.

    :ivar whole_backup: also dump the whole database.
    :ivar hold_seconds: hold the application's writes while the window opens, for so long at most.
    """

    name: str | None = None
    reason: str | None = None
    whole_backup: bool = True
    allow_unproven: bool = False
    hold_seconds: float | None = None


#: Looks at what would be done, before anything is, and raises where it may not; also given are the servers, the door
#: with the lock, and one to dev.
Approval = Callable[[Servers, Door, Door, ObjectNames, Findings], None]


@dataclass(frozen=True)
class Begun:
    """A window that is being opened, or whose opening is gone on with.

    :ivar checks: what the preflight found; nothing where another controller had made it.
    :ivar started: when the command began, by the monotonic clock.
    """

    run: Run
    runner: Runner
    checks: tuple[Check, ...]
    started: float

    def report(self, state: WindowState, validation: Validation | None = None, **more: Any) -> EnableReport:
        """What was done up to now."""
        return EnableReport(
            window=WindowSummary(name=self.run.names.window, state=state),
            steps=tuple(self.runner.reports),
            backup=_backup(self.run),
            reconciled=self.run.progress.reconciled,
            validation=validation,
            total_seconds=round(time.monotonic() - self.started, 3),
            **more,
        )


def enable(context: Context, options: EnableOptions, approve: Approval | None = None) -> EnableReport:
    """Open a window; it streams and is validated when this returns.

    :param approve: what has to agree before anything is written; then only a new window is opened, none resumed.
    :raises EgrowError: it could not be opened; ``report`` says how far it came and whether all was taken back.
    """
    with begun(context, options, "enable", approve) as opening:
        with taken_back(opening):
            opening.runner.forward(enable_steps(opening.run.setting))
        window = opening.run.journal.read()
        return opening.report(window.state, window.validation, checks=opening.checks)


@contextmanager
def begun(context: Context, options: EnableOptions, command: str, approve: Approval | None) -> Iterator[Begun]:
    """Take production's lock, and begin a window, or go on with one whose controller is gone.

    :raises EgrowError: none may be begun; nothing was done then.
    """
    started = time.monotonic()
    with locked(context, command) as (servers, door, _):
        windows = read_windows(door)
        found = open_window(windows)
        if found is not None and approve is not None:
            refuse_open(found)
        if found is not None:
            run = _resumed(context, servers, door, found)
            opening = Begun(run, Runner(run), (), started)
        else:
            run, checks = _new(context, servers, door, windows, options, approve, started)
            opening = Begun(run, Runner(run), checks, started)
        try:
            if found is not None and found.state is WindowState.ROLLING_BACK:
                context.listener.say(f"window {found.name} was being rolled back: finishing that")
                _fail(opening, WrongState(f"window {found.name} was rolled back: {found.failure}"))
            yield opening
        finally:
            run.close()


@contextmanager
def taken_back(opening: Begun) -> Iterator[None]:
    """Take everything back where the block fails.

    :raises EgrowError: what failed; ``report`` says what became of it.
    """
    try:
        yield
    except BaseException as error:
        _fail(opening, error)


def _new(
    context: Context,
    servers: Servers,
    door: Door,
    windows: list[Window],
    options: EnableOptions,
    approve: Approval | None,
    started: float,
) -> tuple[Run, tuple[Check, ...]]:
    """Note a new window in the journal, if nothing speaks against one."""
    with servers.read_dev("preflight") as dev:
        names = new_names(options, windows, door)
        context.listener.step_started("preflight")
        findings = run_preflight(dev, door, context.settings, windows, whole_backup=options.whole_backup)
        _report_preflight(context, findings, started)
        findings.refuse()
        refuse_hold(context, servers, door, options)
        if approve is not None:
            approve(servers, door, dev, names, findings)
    run = new_run(context, servers, door, names, findings, options)
    try:
        run.journal.create()
        run.journal.open(_opening(context, names, options, findings), run.setting, run.scope)
    except BaseException:
        run.close()
        raise
    return run, findings.checks


def refuse_hold(context: Context, servers: Servers, prod: Door, options: EnableOptions) -> None:
    """See, before anything is written, that writes can be held where that was asked for, and are where it is required.

    :raises EgrowError: as :func:`egrow_replica.window.hold.check_roles`.
    :raises PreflightFailed: the evidence has to be ``exact``, and writes are not held.
    """
    if read_hold(prod) is not None:
        return
    if options.hold_seconds is not None:
        check_roles(prod, context.settings.maintenance.roles, servers.prod.user)
    elif context.settings.evidence.require == EvidenceTier.EXACT.value:
        raise PreflightFailed(
            "the configuration requires exact evidence, and writes are not held",
            hint="Say --maintenance, or `egrow-replica maintenance on` first.",
            code="not-held",
        )


def _resumed(context: Context, servers: Servers, door: Door, window: Window) -> Run:
    """What a dead controller began; the lock was free, so it is dead.

    :raises WrongState: the window is open, so there is nothing to finish.
    """
    if window.state not in (WindowState.OPENING, WindowState.ROLLING_BACK):
        refuse_open(window)
    if window.state is WindowState.OPENING:
        context.listener.say(f"window {window.name} was being opened by a controller that is gone: going on")
    return run_for(context, servers, door, window)


def refuse_open(window: Window | None) -> None:
    """See that no window is open.

    :raises WrongState: one is.
    """
    if window is not None:
        raise WrongState(
            f"window {window.name} is already open ({window.state})",
            hint="`egrow-replica status` shows it, `egrow-replica disable` closes it.",
            code="window-already-open",
        )


def _fail(opening: Begun, error: BaseException) -> NoReturn:
    """Take everything back and raise the error again, with what became of it."""
    run, runner = opening.run, opening.runner
    if not run.holds_lock():
        run.listener.say("warning: another controller may be at work: nothing is taken back")
        if isinstance(error, EgrowError):
            error.report = opening.report(WindowState.OPENING, left_behind=None)
            error.hint = error.hint or "`egrow-replica status` shows the window."
        raise error
    validation = error.report if isinstance(error, EgrowError) and isinstance(error.report, Validation) else None
    cause = error.message if isinstance(error, EgrowError) else type(error).__name__
    run.listener.say(f"rolling back: {cause}")
    rolled_back = roll_back(runner, run, enable_steps(run.setting), cause)
    done, after = rolled_back.done, rolled_back.validation
    known = validation is not None and validation.verdict is TableVerdict.TOUCHED
    validation = _together(validation, after)
    state = WindowState.ROLLED_BACK if done else WindowState.FAILED
    if isinstance(error, KeyboardInterrupt):
        error = Interrupted("interrupted; everything that was begun was taken back" if done else "interrupted")
    if after is not None and after.verdict is TableVerdict.TOUCHED and not known:
        # Whatever else went wrong: this is what a person has to know.
        error = ValidationFailed("; ".join((cause, *after.problems)), hint="The report lists the evidence.")
    if isinstance(error, EgrowError):
        error.report = opening.report(
            state,
            validation,
            rolled_back=done,
            outcome=rolled_back.sentence,
            removed=tuple(runner.removed),
            left_behind=_left_behind(run),
        )
        if rolled_back.unjudged:
            error.message += f"; what the window wrote could not be judged: {rolled_back.unjudged}"
        if not done:
            left = "; ".join(f"{step.name}: {problem.message}" for step, problem in runner.left)
            error.hint = f"{error.hint} Not everything could be taken back ({left or 'production does not answer'}): "
            error.hint += "run `egrow-replica disable --no-validate` when both servers answer."
    raise error


def _together(before: Validation | None, after: Validation | None) -> Validation | None:
    """The validation that failed, with what a look after the rollback found beside; content is back by then."""
    if before is None or after is None:
        return before or after
    if after.passed:
        return before
    problems = tuple(dict.fromkeys((*before.problems, *after.problems)))
    seen_before = {"content": before.content, "conflicts": before.conflicts}
    return after.model_copy(update={**seen_before, "problems": problems})


def _left_behind(run: Run) -> tuple[Removed, ...] | None:
    """What the servers say is left; ``None`` where one of them does not say it."""
    try:
        return tuple(left_behind(run))
    except EgrowError:
        return None


def _backup(run: Run) -> BackupReport | None:
    if run.progress.backup is None:
        return None
    manifest = load(run.progress.backup)
    return BackupReport(directory=run.progress.backup, bytes=manifest.bytes, sha256=manifest.sha256)


def new_names(options: EnableOptions, windows: list[Window], prod: Door) -> ObjectNames:
    """The names that a new window gets. Their id is new, so that no object of any window can have one of them.

    :raises WrongState: there was a window of that name; :raises UsageError: it is none.
    """
    taken = {window.name for window in windows}
    if options.name in taken:
        raise WrongState(f"there is a window {options.name} already", hint="Give another --name.", code="name-taken")
    identity = read_server_facts(prod).identity
    name = options.name if options.name is not None else _name_of_today(taken)
    return object_names(name, id=new_id(identity), production=identity)


def _name_of_today(taken: set[str]) -> str:
    today = datetime.now(UTC).strftime("%Y-%m-%d")
    names = itertools.chain([today], (f"{today}-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in taken)


def new_run(
    context: Context,
    servers: Servers,
    door: Door,
    names: ObjectNames,
    findings: Findings,
    options: EnableOptions,
    *,
    planning: bool = False,
) -> Run:
    """A run for a window that the journal does not know yet."""
    setting = new_setting(
        context,
        findings,
        id=names.id,
        whole_backup=options.whole_backup,
        allow_unproven=options.allow_unproven,
        hold_seconds=options.hold_seconds,
    )
    return Run(
        servers=servers,
        settings=context.settings,
        names=names,
        listener=context.listener,
        scope=findings.scope,
        setting=setting,
        origin=names.common,
        lock=door,
        planning=planning,
        who=who(context.settings),
    )


def new_setting(
    context: Context,
    findings: Findings,
    *,
    id: str = "",
    whole_backup: bool,
    allow_unproven: bool,
    hold_seconds: float | None = None,
) -> WindowSetting:
    """What holds for the whole life of a new window."""
    return WindowSetting(
        publish=context.settings.window.publish,
        # 63 bits, so that it is a positive int8.
        seed=secrets.randbits(63),
        allow_unproven=allow_unproven,
        whole_backup=whole_backup,
        makes_roles=findings.makes_roles,
        hold_seconds=hold_seconds,
        id=id,
    )


def _opening(context: Context, names: ObjectNames, options: EnableOptions, findings: Findings) -> Opening:
    user, host = who(context.settings)
    return Opening(
        name=names.window,
        reason=options.reason,
        os_user=user,
        os_host=host,
        program_version=__version__,
        dev_identity=findings.dev.identity,
        prod_identity=findings.prod.identity,
    )


def _report_preflight(context: Context, findings: Findings, started: float) -> None:
    worst = [check for check in findings.checks if check.severity in (Severity.WARNING, Severity.ERROR)]
    report = StepReport(
        name="preflight",
        status=StepStatus.DONE,
        seconds=round(time.monotonic() - started, 3),
        detail=f"{len(worst)} findings" if worst else "",
    )
    context.listener.step_ended(report)
    for check in worst:
        if check.severity is Severity.WARNING:
            context.listener.say(f"warning: {check.subject}: {check.message}")
