"""Stopping the stream at once, and letting it go on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from egrow_replica.app.context import Context, current_window, locked, require_state, run_for
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, NotCaughtUp, ServerUnavailable, ValidationFailed, WrongState
from egrow_replica.model import WindowState
from egrow_replica.replication import slot, subscription
from egrow_replica.replication.history import Moment, moment
from egrow_replica.replication.subscription import Subscription
from egrow_replica.replication.waiting import wait_until
from egrow_replica.results import DefinitionsLook, PauseReport, WindowSummary
from egrow_replica.window.definitions import look_at_definitions
from egrow_replica.window.losses import refuse_losses
from egrow_replica.window.run import Run
from egrow_replica.window.servers import Servers
from egrow_replica.window.steps import rehearse_stream, subject_of
from egrow_replica.window.stream_look import refuse_broken, stream_of

#: How long dev may take to notice that production's worker has ended.
SLOT_FREE_SECONDS = 10.0


def pause(context: Context, *, if_changed: bool = False) -> PauseReport:
    """Stop the stream without draining; it is stopped when this returns.

    :param if_changed: only if what a write to content depends on could reach a user's table by now.
    :raises WrongState: no window streams.
    :raises ValidationFailed: with ``if_changed``, it was stopped; ``report`` says what has changed.
    """
    with (
        locked(context, WindowState.PAUSED.value) as (servers, door, _),
        _of_window(context, servers, door, WindowState.STREAMING) as (run, found),
    ):
        look = _look(run) if if_changed else DefinitionsLook()
        if if_changed and not look.refused:
            return _report(run, WindowState.STREAMING, look)
        _stop(run, found)
        _note_state(run, WindowState.PAUSED)
        report = _report(run, WindowState.PAUSED, look if if_changed else _look_afterwards(run))
    if if_changed:
        raise _changed(report, look)
    return report


def resume(context: Context) -> PauseReport:
    """Let a paused stream go on.

    :raises WrongState: no window is paused.
    :raises StreamFailed: a part of it is gone, or dev or the slot is not what it was.
    :raises Refused: what it writes could reach a user's table by now.
    """
    with (
        locked(context, WindowState.STREAMING.value) as (servers, door, _),
        _of_window(context, servers, door, WindowState.PAUSED) as (run, found),
    ):
        go_on(run, found)
        _note_state(run, WindowState.STREAMING)
        return _report(run, WindowState.STREAMING, run.progress.definitions_look or DefinitionsLook())


@contextmanager
def _of_window(
    context: Context, servers: Servers, door: Door, state: WindowState
) -> Iterator[tuple[Run, Subscription]]:
    """The window that is in a state, and its subscription."""
    window = current_window(door)
    require_state(window, state)
    run = run_for(context, servers, door, window)
    try:
        found = subscription.get(run.writer, run.names.common)
        if found is None:
            raise WrongState(
                f"subscription {run.names.common} is gone",
                hint="Close the window with `disable`.",
                code="no-subscription",
            )
        yield run, found
    finally:
        run.close()


def _look(run: Run) -> DefinitionsLook:
    """At the definitions, noted where they are not as they were."""
    look = look_at_definitions(run.writer, run.scope, run.setting, run.progress)
    if look.changes:
        run.note(definitions_look=look)
    return look


def _look_afterwards(run: Run) -> DefinitionsLook:
    """The same, once the stream is stopped: that is what counts, whatever can be read."""
    try:
        return _look(run)
    except ServerUnavailable:
        raise
    except EgrowError as error:
        run.listener.say(f"warning: it is not known whether definitions have changed: {error.message}")
        return DefinitionsLook()


def _note_state(run: Run, state: WindowState) -> None:
    run.journal.step(state.value, "done")
    run.journal.set_state(state)


def _report(run: Run, state: WindowState, look: DefinitionsLook) -> PauseReport:
    window = WindowSummary(name=run.names.window, state=state)
    return PauseReport(window=window, definitions=look.changes)


def _changed(report: PauseReport, look: DefinitionsLook) -> ValidationFailed:
    error = ValidationFailed(
        "; ".join((f"the stream of window {report.window.name} was stopped", *look.named, *look.refused)),
        hint="`egrow-replica validate` judges what was streamed. Take the change back and `resume`, or `disable`.",
        code="definitions-changed",
    )
    error.report = report
    return error


def _stop(run: Run, found: Subscription) -> None:
    """Stop it and note where dev and the slot stand: as long as it is paused, the slot stays where it is."""
    subscription.disable(run.writer, found)
    at_rest = _at_rest(run)
    run.note(dev=at_rest or run.progress.dev, paused_at=at_rest.confirmed_lsn if at_rest else None)


def _at_rest(run: Run) -> Moment | None:
    """Dev once nobody uses the slot any more; ``None``: it is still in use, or dev does not answer."""

    def free() -> bool:
        there = slot.get(run.dev, run.names.common)
        return there is None or not there.active

    try:
        wait_until(free, SLOT_FREE_SECONDS, "the slot is in use")
        return moment(run.dev, run.names.common)
    except (NotCaughtUp, ServerUnavailable):
        return None


def go_on(run: Run, found: Subscription) -> None:
    """Let a paused stream go on, if it may.

    :raises StreamFailed: edits were lost meanwhile, or would be; :raises Refused: what it writes could reach a user's
        table by now.
    """
    subject = subject_of(run, paused=True)
    refuse_broken(run.dev, run.writer, subject)
    refuse_losses(run.dev, run.writer, stream_of(subject, run.names, run.servers))
    rehearse_stream(run)
    slot.mark(run.dev, run.names.common)
    run.note(dev=moment(run.dev, run.names.common), paused_at=None)
    subscription.enable(run.writer, found)
