"""A window opened, validated and closed in one go; what fails on the way to its last verdict is taken back."""

from __future__ import annotations

from egrow_replica.app.context import Context
from egrow_replica.app.disable import close, end_judged
from egrow_replica.app.enable import Approval, Begun, EnableOptions, begun, taken_back
from egrow_replica.app.maintenance import release_of_window
from egrow_replica.errors import EgrowError
from egrow_replica.results import DisableReport, EnableReport, SyncReport
from egrow_replica.window.steps import enable_steps


def sync(context: Context, options: EnableOptions, approve: Approval | None = None) -> SyncReport:
    """Enable, validate, disable.

    :param approve: as :func:`~egrow_replica.app.enable.enable`.
    :raises EgrowError: nothing was begun, all was taken back, or not everything could be removed; ``report`` says it.
    """
    with begun(context, options, "sync", approve) as opening:
        # Held writes stay held until the window's last verdict.
        opening.run.keeps_hold = True
        closed = False
        try:
            report = _open_and_close(opening)
            closed = True
            return report
        except EgrowError as error:
            if isinstance(error.report, EnableReport):
                error.report = _taken_back(error.report)
            raise
        finally:
            if opening.run.setting.hold_seconds is not None:
                _release(context, opening.run.names.window, failed=not closed)


def _open_and_close(opening: Begun) -> SyncReport:
    with taken_back(opening):
        opening.runner.forward(enable_steps(opening.run.setting))
        validation = end_judged(opening.run, opening.runner)
    opened = opening.report(opening.run.journal.read().state, validation)
    try:
        return _closed(opened, close(opening.run, opening.runner, validation, opening.started))
    except EgrowError as error:  # the verdict is good: what cannot be removed is no reason to put content back
        if isinstance(error.report, DisableReport):
            error.report = _closed(opened, error.report)
        raise


def _release(context: Context, window: str, *, failed: bool) -> None:
    """Release the window's hold; where closing it has failed, that is the error that matters."""
    try:
        release_of_window(context, window)
    except EgrowError as error:
        if not failed:
            raise
        context.listener.say(f"warning: writes may still be held: {error.message}")


def _closed(opened: EnableReport, closed: DisableReport) -> SyncReport:
    return SyncReport(
        window=closed.window,
        steps=closed.steps,
        backup=opened.backup,
        reconciled=opened.reconciled,
        validation=closed.validation,
        rolled_back=False,
        removed=closed.removed,
        left_behind=closed.left_behind,
        total_seconds=closed.total_seconds,
    )


def _taken_back(report: EnableReport) -> SyncReport:
    return SyncReport(**{name: getattr(report, name) for name in SyncReport.model_fields})
