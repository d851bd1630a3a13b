"""Stopping the stream at once, and letting it go on."""

from __future__ import annotations

from egrow_replica.app.context import Context, current_window, locked, require_state, run_for
from egrow_replica.errors import NotCaughtUp, ServerUnavailable, WrongState
from egrow_replica.model import WindowState
from egrow_replica.replication import slot, subscription
from egrow_replica.replication.history import Moment, moment
from egrow_replica.replication.subscription import Subscription
from egrow_replica.replication.waiting import wait_until
from egrow_replica.results import PauseReport, WindowSummary
from egrow_replica.window.losses import refuse_losses
from egrow_replica.window.run import Run
from egrow_replica.window.steps import rehearse_stream, subject_of
from egrow_replica.window.stream_look import refuse_broken, stream_of

#: How long dev may take to notice that production's worker has ended.
SLOT_FREE_SECONDS = 10.0


def pause(context: Context) -> PauseReport:
    """Stop the stream without draining; it is stopped when this returns.

    :raises WrongState: no window streams.
    """
    return _switch(context, WindowState.STREAMING, WindowState.PAUSED)


def resume(context: Context) -> PauseReport:
    """Let a paused stream go on.

    :raises WrongState: no window is paused.
    :raises StreamFailed: a part of it is gone, or dev or the slot is not what it was.
    """
    return _switch(context, WindowState.PAUSED, WindowState.STREAMING)


def _switch(context: Context, before: WindowState, after: WindowState) -> PauseReport:
    with locked(context, after.value) as (servers, door, _):
        window = current_window(door)
        require_state(window, before)
        run = run_for(context, servers, door, window)
        try:
            found = subscription.get(run.writer, run.names.common)
            if found is None:
                raise WrongState(
                    f"subscription {run.names.common} is gone",
                    hint="Close the window with `disable`.",
                    code="no-subscription",
                )
            if after is WindowState.PAUSED:
                _stop(run, found)
            else:
                go_on(run, found)
            run.journal.step(after.value, "done")
            run.journal.set_state(after)
        finally:
            run.close()
    return PauseReport(window=WindowSummary(name=window.name, state=after))


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
