"""Opening a window, or finishing the opening of one whose controller is gone."""

from __future__ import annotations

import itertools
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime

from egrow_replica import __version__
from egrow_replica.app.context import Context, locked, open_window, run_for, who
from egrow_replica.backup import load
from egrow_replica.catalog import read_server_facts
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, Interrupted, PreflightFailed, ValidationFailed, WrongState
from egrow_replica.model import Check, EvidenceTier, Model, Severity, StepStatus, TableVerdict, WindowState
from egrow_replica.replication.names import ObjectNames, new_id, object_names
from egrow_replica.results import BackupReport, EnableReport, StepReport, Validation, WindowSummary
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


def enable(
    context: Context, options: EnableOptions, approve: Approval | None = None, *, keeps_hold: bool = False
) -> EnableReport:
    """Open a window; it streams and is validated when this returns.

    :param approve: what has to agree before anything is written; then only a new window is opened, none resumed.
    :param keeps_hold: writes stay held when it is open; the caller releases them.
    :raises EgrowError: it could not be opened; ``report`` says how far it came and whether all was taken back.
    """
    started = time.monotonic()
    with locked(context, "enable") as (servers, door, _):
        windows = read_windows(door)
        found = open_window(windows)
        if found is not None and approve is not None:
            refuse_open(found)
        if found is not None:
            return _resume(context, servers, door, found, started, keeps_hold)
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
        run.keeps_hold = keeps_hold
        try:
            run.journal.create()
            run.journal.open(_opening(names, options, findings), run.setting, run.scope)
            return _open(run, findings.checks, started)
        finally:
            run.close()


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


def _resume(
    context: Context, servers: Servers, door: Door, window: Window, started: float, keeps_hold: bool
) -> EnableReport:
    """Finish what a dead controller began; the lock was free, so it is dead.

    :raises WrongState: the window is open, so there is nothing to finish.
    """
    if window.state not in (WindowState.OPENING, WindowState.ROLLING_BACK):
        refuse_open(window)
    run = run_for(context, servers, door, window)
    run.keeps_hold = keeps_hold
    try:
        if window.state is WindowState.ROLLING_BACK:
            context.listener.say(f"window {window.name} was being rolled back: finishing that")
            _fail(run, Runner(run), WrongState(f"window {window.name} was rolled back: {window.failure}"), started)
        context.listener.say(f"window {window.name} was being opened by a controller that is gone: going on")
        return _open(run, (), started)
    finally:
        run.close()


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


def _open(run: Run, checks: tuple[Check, ...], started: float) -> EnableReport:
    runner = Runner(run)
    try:
        runner.forward(enable_steps(run.setting))
    except BaseException as error:
        _fail(run, runner, error, started)
    window = run.journal.read()
    return _report(run, runner, window.state, window.validation, started, checks=checks)


def _fail(run: Run, runner: Runner, error: BaseException, started: float) -> None:
    """Take everything back and raise the error again, with what became of it."""
    if not run.holds_lock():
        run.listener.say("warning: another controller may be at work: nothing is taken back")
        if isinstance(error, EgrowError):
            error.report = _report(run, runner, WindowState.OPENING, None, started)
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
        error.report = _report(run, runner, state, validation, started, rolled_back=done)
        error.report = error.report.model_copy(update={"outcome": rolled_back.sentence})
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


def _report(
    run: Run,
    runner: Runner,
    state: WindowState,
    validation: Validation | None,
    started: float,
    *,
    rolled_back: bool = False,
    checks: tuple[Check, ...] = (),
) -> EnableReport:
    return EnableReport(
        window=WindowSummary(name=run.names.window, state=state),
        steps=tuple(runner.reports),
        backup=_backup(run),
        reconciled=run.progress.reconciled,
        validation=validation,
        rolled_back=rolled_back,
        total_seconds=round(time.monotonic() - started, 3),
        checks=checks,
    )


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
        who=who(),
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


def _opening(names: ObjectNames, options: EnableOptions, findings: Findings) -> Opening:
    user, host = who()
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
