"""Closing a window: drain, end the stream, validate, remove everything that the window made on both servers.

Only after the end of the stream nothing more can come, so that is when the last evidence is gathered; and as long as
the stream can go on, what identifies its writes stays, and no verdict on them is the last.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from egrow_replica.app.context import Context, current_window, locked, run_for
from egrow_replica.app.left import left_behind
from egrow_replica.app.stream import go_on
from egrow_replica.catalog.roles import APPLY_ROLE
from egrow_replica.catalog.scope import changed_tables, lost_on_dev
from egrow_replica.content import keys_there, recent_rows
from egrow_replica.errors import (
    EgrowError,
    NotCaughtUp,
    Refused,
    ServerUnavailable,
    StreamFailed,
    ValidationFailed,
    WrongState,
)
from egrow_replica.model import Model, Server, TableVerdict, WindowState
from egrow_replica.replication import sequences, slot, subscription
from egrow_replica.results import DisableReport, Removed, Validation, WindowSummary
from egrow_replica.window.hold import read_hold
from egrow_replica.window.journal import StreamLook
from egrow_replica.window.left import keep_content
from egrow_replica.window.outcome import users
from egrow_replica.window.run import Run
from egrow_replica.window.runner import Runner
from egrow_replica.window.steps import (
    OBJECT_STEPS,
    UNTIL_JUDGED,
    Hold,
    Step,
    Subscription,
    gather,
    our_origins,
    refuse_failed,
    subject_of,
)
from egrow_replica.window.stream_look import catch_up, look_at_stream


class DisableOptions(Model):
    """What the command line says.

    :ivar drain: wait until production has confirmed everything; not with ``--now``.
    :ivar force: go on where dev cannot be reached.
    """

    drain: bool = True
    force: bool = False
    validate_first: bool = True


class Drain(Step):
    """Everything that dev had committed has arrived."""

    name = "drain"

    def do(self, run: Run) -> str:
        """Let a paused stream go on, if it may, then wait.

        :raises Refused: by now what it writes could reach a user's table: then nothing more may arrive.
        :raises StreamFailed: a part of it is gone, or dev or the slot is not what it was.
        """
        found = subscription.get(run.writer, run.names.common)
        if found is not None and not found.enabled:
            go_on(run, found)
            run.journal.set_state(WindowState.STREAMING)
        elif found is not None:
            run.check_effects()
        catch_up(run.dev, run.writer, subject_of(run), run.settings.window.catchup_timeout, run.listener)
        return ""


class EndStream(Step):
    """No worker writes any more, and none can be started."""

    name = "end-stream"

    def do(self, run: Run) -> str:
        """Disable the subscription, wait for its workers' end, take its slot from it."""
        return subscription.end(run.writer, run.names.common)


class MoveSequences(Step):
    """Sequences stand behind the rows that were streamed."""

    name = "sequences"

    def do(self, run: Run) -> str:
        """Move those that have to."""

        def move() -> int:
            with run.servers.read_dev("sequences") as dev, run.writing(APPLY_ROLE) as writer:
                writer.begin()
                targets = sequences.targets(dev, run.writer, run.scope)
                sequences.move(run.writer, targets)
                return len(targets)

        return f"{run.retrying(move)} moved"


class NoteMadeRows(Step):
    """The rows that the window added are noted, so that a later restore knows them from production's own."""

    name = "note-rows"

    def do(self, run: Run) -> str:
        """Rows that are newer than the baseline and that dev has too, or that carry one of our origins."""
        assert run.baseline is not None
        since = run.baseline.xid
        ours = sorted(our_origins(run)) if run.baseline.tracks_commits else []
        count = 0
        changed = changed_tables(run.writer, run.scope)
        lost = lost_on_dev(run.dev, run.scope) if run.dev_reachable else []
        for table in run.scope.tables:
            if table.name in changed:
                continue
            recent = recent_rows(run.writer, table, run.setting.seed, since)
            made = set(recent_rows(run.writer, table, run.setting.seed, since, ours)) if ours else set()
            others = [] if made.issuperset(recent) else [key for key in recent if key not in made]
            if run.dev_reachable and others and table.name not in lost:
                made |= keys_there(run.dev, table, run.setting.seed, others)
            run.journal.add_made_rows(table.name, made)
            count += len(made)
        return f"{count} rows"


class KeepContent(Step):
    """What the window leaves in the content tables is kept, so that a later look tells what was changed since."""

    name = "keep-content"

    def do(self, run: Run) -> str:
        """Keep hashes of the rows, as they are once nothing of the window can write any more."""
        return keep_content(run, "disable")


def disable(context: Context, options: DisableOptions) -> DisableReport:
    """Close the open window, whatever the verdict: a failed validation only sets the exit code.

    :raises EgrowError: it could not be closed, or the validation failed; ``report`` says what was done.
    """
    started = time.monotonic()
    with locked(context, "disable") as (servers, door, _):
        window = current_window(door)
        run = run_for(context, servers, door, window)
        try:
            run.dev_reachable = _dev_answers(run, options)
            _go_on_holding(run)
            runner = Runner(run)
            if run.progress.judged is not None:  # only removing is left
                return close(run, runner, window.validation if run.progress.judged else None, started)
            with _saying_how_to_close():
                _stop_expecting(run, runner, window.state, options)
            if not _end_stream(run, runner):
                return _report(run, runner, WindowState.CLOSING, None, started, left_behind(run))
            validation = _last_evidence(run, runner, options)
            return close(run, runner, validation, started)
        finally:
            run.close()


def end_judged(run: Run, runner: Runner) -> Validation:
    """Let everything arrive, end the stream, and gather the last evidence, which has to be good.

    :raises EgrowError: it does not arrive or end, or the evidence fails; nothing is taken back here.
    """
    options = DisableOptions()
    _stop_expecting(run, runner, WindowState.STREAMING, options)
    runner.forward([EndStream()])
    validation = _last_evidence(run, runner, options)
    assert validation is not None, "a window that streamed has a baseline"
    refuse_failed(run, validation)
    return validation


def _go_on_holding(run: Run) -> None:
    """A hold that the window made lasts until it is closed, or its time is over."""
    found = read_hold(run.writer) if run.setting.hold_seconds is not None else None
    if found is not None and found.window_name == run.names.window:
        run.watch_hold(found)


def _dev_answers(run: Run, options: DisableOptions) -> bool:
    try:
        run.dev.value("SELECT 1")
    except ServerUnavailable as error:
        if options.force:
            run.listener.say(f"{error.message}; closing without dev")
            return False
        error.hint += " `disable --force` closes the window without dev."
        raise
    return True


@contextmanager
def _saying_how_to_close() -> Iterator[None]:
    try:
        yield
    except NotCaughtUp as error:
        how = "Wait and try again, or close without draining: `disable --now`."
        error.hint = f"{error.hint} {how}".strip()
        raise


def _stop_expecting(run: Run, runner: Runner, state: WindowState, options: DisableOptions) -> None:
    """Let arrive what is on its way, look at the stream for the last time, and note that it is about to end."""
    look = _last_look(run, runner, options) if _streams(run, state) else run.progress.last_look
    with run.writer.transaction():
        run.note(last_look=look)
        run.journal.set_state(WindowState.CLOSING)


def _last_look(run: Run, runner: Runner, options: DisableOptions) -> StreamLook:
    if not run.dev_reachable:
        return StreamLook()
    stopped = _drain(run, runner) if options.drain else ""
    if stopped or not options.drain:  # what has not arrived is not asked for; what was lost is told all the same
        missing = (f"{stopped}: content that dev published has not arrived",) if stopped else ()
        look = _look_at_losses(run) if options.validate_first else StreamLook()
        others = tuple(problem for problem in look.problems if problem not in stopped)
        return StreamLook(problems=(*missing, *others), notes=(*look.notes, *_undelivered(run)))
    if not options.validate_first:
        return StreamLook()
    return look_at_stream(run.servers, run.settings, subject_of(run), run.listener)


def _undelivered(run: Run) -> Iterator[str]:
    """What is given up where nothing is drained; whether there are edits of content in it, only dev's WAL tells."""
    found = slot.get(run.dev, run.names.common)
    if found is not None and found.lag_bytes:
        yield (
            f"closed without draining: production had not confirmed the last {found.lag_bytes} bytes of dev's WAL; "
            "edits of content in them have not arrived (`egrow-replica compare` shows which)"
        )


def _look_at_losses(run: Run) -> StreamLook:
    """At what was lost, whether or not the rest has arrived."""
    subject = subject_of(run, streaming=False, check_content=False, paused=True)
    return look_at_stream(run.servers, run.settings, subject, run.listener)


def _streams(run: Run, state: WindowState) -> bool:
    """Whether the window streams, or goes on streaming because a controller could not end it."""
    if state is WindowState.CLOSING:
        found = subscription.get(run.writer, run.names.common)
        return found is not None and found.enabled
    return state in (WindowState.STREAMING, WindowState.PAUSED)


def _end_stream(run: Run, runner: Runner) -> bool:
    """End the stream; whether it has ended. As long as it has not, all stays that is needed to judge it."""
    step = EndStream()
    try:
        runner.forward([step])
    except (WrongState, ServerUnavailable):  # the lock is lost, or nothing can be done at all
        raise
    except EgrowError as error:
        runner.left.append((step, error))
        runner.back([Hold()])
        return False
    return True


def _last_evidence(run: Run, runner: Runner, options: DisableOptions) -> Validation | None:
    """Do what is left to do with the content, then judge everything that the window wrote."""
    if run.baseline is None:  # nothing was written yet
        return None
    if run.progress.reconciled_by is not None:
        streamed = run.progress.last_look is not None
        if run.dev_reachable and streamed and not changed_tables(run.writer, run.scope):
            runner.forward([MoveSequences()])
        runner.forward([NoteMadeRows()])
    runner.forward([KeepContent()])
    if not options.validate_first:
        return None
    subject = subject_of(run, streaming=False, check_content=False)
    return gather(run, subject, run.progress.last_look, last=True)


def close(run: Run, runner: Runner, validation: Validation | None, started: float) -> DisableReport:
    """Remove everything, and answer.

    :raises EgrowError: something is left, or the validation failed; ``report`` has the report.
    """
    _remove(run, runner, judged=validation is not None)
    left = left_behind(run)
    done = not runner.left and not [one for one in left if one.server is Server.PROD or run.dev_reachable]
    state = WindowState.CLOSED if done else WindowState.CLOSING
    run.journal.set_state(state)
    if done:
        run.journal.forget_own_values()
    return _report(run, runner, state, validation, started, left)


def _remove(run: Run, runner: Runner, *, judged: bool) -> None:
    """Remove everything; what another look at the stream's writes would need, only after the subscription."""
    kept = set() if run.dev_reachable else set(_ON_DEV)
    runner.back([Subscription()])
    if runner.left:
        kept |= UNTIL_JUDGED
    else:
        run.note(judged=judged)
    runner.back([one for one in OBJECT_STEPS if one.name not in {Subscription.name, *kept}])


def _report(
    run: Run,
    runner: Runner,
    state: WindowState,
    validation: Validation | None,
    started: float,
    left: list[Removed],
) -> DisableReport:
    """What was done.

    :raises EgrowError: something is left, or the validation failed; ``report`` has the report.
    """
    report = DisableReport(
        window=WindowSummary(name=run.names.window, state=state),
        steps=tuple(runner.reports),
        validation=validation,
        removed=tuple(runner.removed),
        left_behind=tuple(left),
        notes=run.progress.last_look.notes if validation is None and run.progress.last_look is not None else (),
        total_seconds=round(time.monotonic() - started, 3),
    )
    problem = _problem(runner, validation)
    if problem is not None:
        problem.report = report
        raise problem
    return report


def _drain(run: Run, runner: Runner) -> str:
    """Drain; why it could not be done, ``""`` where it could.

    A stream that repeats an error, has lost a part, or may not go on after a pause never will be drained, and must not
    keep a window open.

    :raises NotCaughtUp: it takes too long; the window stays open.
    """
    try:
        runner.forward([Drain()])
    except (StreamFailed, Refused) as error:
        run.listener.say(f"warning: {error.message}; closing without what is still on its way")
        return error.message
    return ""


_ON_DEV = frozenset({"publication", "slot"})


def _problem(runner: Runner, validation: Validation | None) -> EgrowError | None:
    if runner.left:
        step, error = runner.left[0]
        return WrongState(
            f"not everything could be removed: {step.name}: {error.message}",
            hint=f"{error.hint or 'See to the cause.'} Then run `egrow-replica disable` again.",
            code="left-behind",
        )
    if validation is not None and not validation.passed:
        told = [f"{users(validation).text()}."] if validation.verdict is TableVerdict.TOUCHED else []
        return ValidationFailed(
            "; ".join(validation.problems),
            hint=" ".join(["The window is closed and the content stays; `egrow-replica restore` puts it back.", *told]),
        )
    return None
