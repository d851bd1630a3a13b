"""A window opened, validated and closed in one go."""

from __future__ import annotations

import time

from egrow_replica.app.context import Context
from egrow_replica.app.disable import DisableOptions, disable
from egrow_replica.app.enable import EnableOptions, enable
from egrow_replica.app.maintenance import release_of_window
from egrow_replica.errors import EgrowError
from egrow_replica.results import DisableReport, EnableReport, SyncReport


def sync(context: Context, options: EnableOptions) -> SyncReport:
    """Enable, validate, disable.

    :raises EgrowError: as :func:`enable` and :func:`disable`; ``report`` covers what was done.
    """
    started = time.monotonic()
    # Held writes stay held until the window's last verdict: disable releases them when it has closed it.
    opened = enable(context, options, keeps_hold=True)
    closed: DisableReport | None = None
    try:
        closed = disable(context, DisableOptions())
    except EgrowError as error:
        if isinstance(error.report, DisableReport):
            error.report = _report(opened, error.report, started)
        raise
    finally:
        if options.hold_seconds is not None:
            _release(context, opened.window.name, failed=closed is None)
    return _report(opened, closed, started)


def _release(context: Context, window: str, *, failed: bool) -> None:
    """Release the window's hold; where closing it has failed, that is the error that matters."""
    try:
        release_of_window(context, window)
    except EgrowError as error:
        if not failed:
            raise
        context.listener.say(f"warning: writes may still be held: {error.message}")


def _report(opened: EnableReport, closed: DisableReport, started: float) -> SyncReport:
    return SyncReport(
        window=closed.window,
        steps=(*opened.steps, *closed.steps),
        backup=opened.backup,
        reconciled=opened.reconciled,
        validation=closed.validation or opened.validation,
        rolled_back=False,
        removed=closed.removed,
        left_behind=closed.left_behind,
        total_seconds=round(time.monotonic() - started, 3),
    )
