"""Stopping the stream at once, and letting it go on."""

from __future__ import annotations

from egrow_replica.app.context import Context, current_window, locked, require_state, run_for
from egrow_replica.errors import WrongState
from egrow_replica.model import WindowState
from egrow_replica.replication import subscription
from egrow_replica.results import PauseReport, WindowSummary
from egrow_replica.window.steps import subject_of
from egrow_replica.window.validation import refuse_broken


def pause(context: Context) -> PauseReport:
    """Stop the stream without draining; it is stopped when this returns.

    :raises WrongState: no window streams.
    """
    return _switch(context, WindowState.STREAMING, WindowState.PAUSED)


def resume(context: Context) -> PauseReport:
    """Let a paused stream go on.

    :raises WrongState: no window is paused.
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
                subscription.disable(run.writer, found)
            else:
                refuse_broken(run.dev, run.writer, subject_of(run))
                run.check_closure()
                subscription.enable(run.writer, found)
            run.journal.step(after.value, "done")
            run.journal.set_state(after)
        finally:
            run.close()
    return PauseReport(window=WindowSummary(name=window.name, state=after))
