"""How the open window is doing. Only reads."""

from __future__ import annotations

import time
from dataclasses import dataclass

from egrow_replica.app.context import Context, open_window
from egrow_replica.app.maintenance import hold_report, overdue_warning
from egrow_replica.app.restoring import interrupted, unjudged
from egrow_replica.catalog import read_server_facts
from egrow_replica.db import Door, Literal, describe, query
from egrow_replica.errors import ValidationFailed
from egrow_replica.evidence import slot_state
from egrow_replica.model import WindowState
from egrow_replica.replication import history, publication, slot, subscription
from egrow_replica.replication.slot import Slot
from egrow_replica.replication.stream import broken_parts
from egrow_replica.replication.subscription import Conflicts, Subscription, Worker
from egrow_replica.results import (
    Blocker,
    DefinitionsLook,
    Removed,
    SlotStatus,
    StatusReport,
    StatusWindow,
    SubscriptionStatus,
    TableState,
    WorkerStatus,
)
from egrow_replica.settings import Settings
from egrow_replica.window.belonging import NamedObject, copied_window, unknown_objects, unknown_window
from egrow_replica.window.definitions import look_at_definitions
from egrow_replica.window.hold import read_hold
from egrow_replica.window.journal import PublicationLook, Window, last_entry, read_windows
from egrow_replica.window.losses import Sign, Stream, causes, signs

#: How far apart two looks are that tell a stream which repeats an error from one that had one.
SECOND_LOOK_SECONDS = 1.0
#: Whoever asks how a window is doing shall not wait for long.
LOCK_TIMEOUT = "5s"
#: A stream that has met errors is looked at in such steps, for so long at most.
PAUSE_SECONDS, MOST_PATIENCE_SECONDS = 0.25, 65.0
#: After so many failed tries, a minute by default, a person has to see why production does not reach dev.
UNREACHED_TRIES = 12
#: A worker that waits for a lock for longer than this stands still.
STALLED_SECONDS = 1.0
_TABLE_STATES = {"i": "initializing", "d": "copying", "f": "copied", "s": "synchronized", "r": "ready"}


@dataclass(frozen=True)
class _Seen:
    """Both servers at one moment.

    :ivar broken: what of the stream is gone, or not the window's.
    :ivar signs: what shows, where nothing is broken, that edits were lost, or may have been.
    """

    slot: Slot | None
    subscription: Subscription | None
    conflicts: Conflicts | None
    workers: list[Worker]
    waits_for: tuple[Blocker, ...]
    broken: list[str]
    publication: PublicationLook
    signs: list[Sign]
    definitions: DefinitionsLook


def status(context: Context) -> StatusReport:
    """State, lag, slot, conflicts and warnings.

    :raises ValidationFailed: the window has failed, or one stands there that the journal does not know; ``report`` has
        the status.
    :raises ServerUnavailable: a server does not answer.
    """
    report, unknown = _status(context)
    if unknown:
        refusal = unknown_window(unknown)
        raise _alert(report, refusal.message, refusal.hint, refusal.code)
    if report.window is not None and report.window.state is WindowState.FAILED:
        reasons = "; ".join(report.warnings)
        hint = "`egrow-replica validate` gathers the evidence, `egrow-replica disable` closes the window."
        raise _alert(report, f"window {report.window.name} has failed: {reasons}", hint, "window-failed")
    return report


def _alert(report: StatusReport | None, message: str, hint: str, code: str) -> ValidationFailed:
    alert = ValidationFailed(message, hint=hint, code=code)
    alert.report = report
    return alert


def _status(context: Context) -> tuple[StatusReport, list[NamedObject]]:
    servers = context.servers()
    with servers.read_prod("status") as prod, servers.read_dev("status") as dev:
        for door in (prod, dev):
            door.execute(query("waits/set_lock_timeout", milliseconds=Literal(LOCK_TIMEOUT)))
        windows = read_windows(prod)
        window = open_window(windows)
        hold = read_hold(prod)
        held = hold_report(hold) if hold is not None else None
        warnings = overdue_warning(hold) if hold is not None else ()
        copied = copied_window(prod, windows)
        if copied is not None:
            raise _alert(None, copied.message, copied.hint, copied.code)
        found = unknown_objects(prod, windows, dev)
        unknown = tuple(Removed(server=one.server, kind=one.kind, name=one.name) for one in found)
        if window is None:
            left = interrupted(windows)
            told = () if left is None else (unjudged(left[0].name),)
            return StatusReport(window=None, hold=held, unknown=unknown, warnings=(*warnings, *told)), found
        login = servers.stream.user
        seen = _look(dev, prod, window, login)
        state, reason = _state(dev, prod, window, seen)
        report = _report(context.settings, dev, prod, window, state, seen)
        warnings = (*warnings, *report.warnings, *filter(None, [reason]))
        seen_too = {"hold": held, "unknown": unknown, "warnings": warnings}
        return report.model_copy(update=seen_too), found


def _look(dev: Door, prod: Door, window: Window, login: str | None) -> _Seen:
    name = window.names.common
    broken = broken_parts(dev, prod, window.names)
    streams = window.state in (WindowState.STREAMING, WindowState.PAUSED)
    stream = Stream(window.scope, window.progress, window.names, login, window.state is WindowState.PAUSED)
    return _Seen(
        slot=slot.get(dev, name),
        subscription=subscription.get(prod, name),
        conflicts=subscription.conflicts(prod, name),
        workers=subscription.workers(prod, name),
        waits_for=_stalled_by(prod, name),
        broken=broken,
        publication=_publication(dev, window),
        signs=(causes(dev, prod, stream) if broken else signs(dev, prod, stream)) if streams else [],
        definitions=look_at_definitions(prod, window.scope, window.setting, window.progress),
    )


def _stalled_by(prod: Door, name: str) -> tuple[Blocker, ...]:
    """Whom the workers wait for, where that is not over within moments."""
    found = subscription.waits_for(prod, name)
    return found if any(blocker.waited_seconds >= STALLED_SECONDS for blocker in found) else ()


def _publication(dev: Door, window: Window) -> PublicationLook:
    progress = window.progress
    found: tuple[publication.Difference, ...] = ()
    if progress.publishes:
        name, publish = window.names.common, window.setting.publish
        found = publication.differences(dev, name, window.scope, publish, progress.publication)
    return PublicationLook(differences=found).after(progress.publication_look)


def _state(dev: Door, prod: Door, window: Window, seen: _Seen) -> tuple[WindowState, str]:
    """What the servers say outranks what the journal says. Return the state, and why, where no warning says it."""
    if window.state is WindowState.CLOSING and seen.subscription is not None and seen.subscription.enabled:
        return WindowState.FAILED, "it could not be closed, and goes on streaming: `disable` again"
    if window.state not in (WindowState.STREAMING, WindowState.PAUSED):
        return window.state, window.failure or "" if window.state is WindowState.FAILED else ""
    # What the stream brings, or would bring, may be other than the window is for, or could reach a user's table.
    altered = seen.publication.differences or seen.definitions.refused
    if altered or seen.broken or any(sign.loses for sign in seen.signs):
        return WindowState.FAILED, ""
    assert seen.subscription is not None, "else it is broken"
    assert seen.slot is not None, "else it is broken"
    met_errors = seen.subscription.apply_errors > window.progress.apply_errors
    if window.state is WindowState.PAUSED or not met_errors or not _lags(seen.slot):
        return window.state, ""
    return _after_errors(dev, prod, window, seen.slot, seen.subscription)


def _after_errors(dev: Door, prod: Door, window: Window, before: Slot, errors: Subscription) -> tuple[WindowState, str]:
    """What a stream is that has met errors: one of data repeats, a lost connection ends by itself.

    A worker that meets an error of data has been sent rows before, by dev; one whose connection is cut has not. So it
    is looked at until production has tried once more.
    """
    name = window.names.common
    decoded = history.moment(dev, name).decoded
    patience = max(SECOND_LOOK_SECONDS, float(prod.value(query("replication/retry_seconds"))) + 2 * SECOND_LOOK_SECONDS)
    deadline = time.monotonic() + min(patience, MOST_PATIENCE_SECONDS)
    reached = before.active
    while True:
        time.sleep(PAUSE_SECONDS)
        slot_now, now = slot.get(dev, name), subscription.get(prod, name)
        if slot_now is None or now is None:
            return WindowState.FAILED, "a part of the stream has just gone"
        if not _lags(slot_now) or slot_now.confirmed_lsn != before.confirmed_lsn:
            return window.state, ""
        reached = reached or slot_now.active or history.moment(dev, name).decoded != decoded
        if reached and now.apply_errors > errors.apply_errors:
            count = now.apply_errors - window.progress.apply_errors
            return WindowState.FAILED, (
                f"the stream stops at the same error again and again ({count} so far): production's log names the row "
                "and the cause"
            )
        if time.monotonic() > deadline:
            break
    tries = now.apply_errors - window.progress.apply_errors
    if reached:
        return window.state, ""
    why = (
        f"production's worker does not reach dev ({tries} failed tries): the stream goes on by itself once it does; "
        "see production's log, the network between both, and the login of the stream"
    )
    return (WindowState.FAILED if tries > UNREACHED_TRIES else window.state), why


def _lags(found: Slot) -> bool:
    return (found.lag_bytes or 0) > 0


def _report(settings: Settings, dev: Door, prod: Door, window: Window, state: WindowState, seen: _Seen) -> StatusReport:
    name = window.names.common
    return StatusReport(
        window=StatusWindow(
            name=window.name,
            state=state,
            opened_at=window.opened_at,
            age_seconds=window.age_seconds,
            reason=window.reason,
            opened_by=f"{window.os_user}@{window.os_host} as {window.database_role}",
            last_entry=last_entry(prod, window.name),
        ),
        lag_bytes=seen.slot.lag_bytes if seen.slot else None,
        lag_seconds=_lag_seconds(seen),
        slot=None
        if seen.slot is None
        else SlotStatus(
            name=seen.slot.name,
            active=seen.slot.active,
            wal_status=seen.slot.wal_status,
            retained_bytes=seen.slot.retained_bytes,
        ),
        production_slot=_production_slot(prod, window.names.wal_slot),
        subscription=None
        if seen.subscription is None
        else SubscriptionStatus(
            name=name,
            enabled=seen.subscription.enabled,
            apply_errors=seen.subscription.apply_errors,
            conflicts=seen.conflicts.model_dump() if seen.conflicts else {},
        ),
        workers=tuple(WorkerStatus(pid=worker.pid, role=worker.role or "unknown") for worker in seen.workers),
        waits_for=seen.waits_for,
        definitions=seen.definitions.changes,
        tables=tuple(
            TableState(table=table.name, state=_TABLE_STATES.get(table.state, table.state))
            for table in subscription.tables(prod, name)
        ),
        warnings=tuple(_warnings(settings, dev, prod, window, seen)),
    )


def _production_slot(prod: Door, name: str) -> SlotStatus | None:
    found = slot_state(prod, name)
    if found is None:
        return None
    return SlotStatus(name=name, active=False, wal_status=found.wal_status, retained_bytes=found.retained_bytes)


def _lag_seconds(seen: _Seen) -> float | None:
    """0 where production has confirmed everything, else an upper bound; both clocks are dev's."""
    if seen.slot is None:
        return None
    if not _lags(seen.slot):
        return 0.0
    main = next((worker for worker in seen.workers if worker.is_main), None)
    if main is None or main.latest_end_time is None:
        return None
    return max(0.0, (seen.slot.clock - main.latest_end_time).total_seconds())


def _warnings(settings: Settings, dev: Door, prod: Door, window: Window, seen: _Seen) -> list[str]:
    name = window.names.common
    warnings = []
    if window.age_seconds > settings.window.max_age:
        warnings.append(f"the window is older than {settings.window.max_age:g} s (max_age)")
    held = seen.slot.retained_bytes if seen.slot else None
    if held is not None and held > settings.window.max_wal_retained:
        warnings.append(f"the slot keeps {held} bytes of WAL on dev (max_wal_retained)")
    altered = (*seen.publication.problems, *seen.definitions.named, *seen.definitions.refused)
    warnings += dict.fromkeys((*seen.broken, *altered, *(sign.message for sign in seen.signs)))
    if seen.slot is not None and seen.slot.wal_status == "unreserved":
        warnings.append(f"slot {name} is unreserved: dev drops WAL that it needs at its next checkpoint")
    if seen.subscription is not None and window.state is WindowState.STREAMING and not seen.subscription.enabled:
        warnings.append(f"subscription {name} is disabled, the journal says that it streams")
    if seen.waits_for:
        warnings.append(f"the stream stands still: it waits for {describe(seen.waits_for)}")
    for worker in seen.workers:
        if seen.subscription and worker.role not in (None, seen.subscription.owner):
            warnings.append(f"worker {worker.pid} runs as {worker.role}, not as {seen.subscription.owner}")
    if seen.conflicts and seen.conflicts.failing:
        found = ", ".join(f"{count} {kind}" for kind, count in seen.conflicts.failing.items())
        warnings.append(f"the stream met conflicts: {found}")
    warnings += _evidence_warnings(prod, window)
    warnings += _publication_warnings(dev, window)
    if window.setting.allow_unproven:
        warnings.append("unproven tables were allowed when the window opened")
    return warnings


def _evidence_warnings(prod: Door, window: Window) -> list[str]:
    """Where the slot is gone that keeps production's WAL until it was examined; unbounded, it goes on purpose."""
    examined, name = window.progress.wal, window.names.wal_slot
    if examined is None or examined.gone or not read_server_facts(prod).bounds_slots:
        return []
    found = slot_state(prod, name)
    if found is None:
        what = "is gone: production was failed over to another server, or somebody dropped it"
    elif found.wal_status == "lost":
        what = "has lost WAL that was not examined yet"
    else:
        return []
    return [f"slot {name}, which keeps production's WAL for the evidence, {what}; what WAL proves may end there"]


def _publication_warnings(dev: Door, window: Window) -> list[str]:
    if publication.ownership(dev, window.names) is not publication.Ownership.UNMARKED:
        return []
    name = window.names.common
    if not window.setting.id:
        return [f"an earlier version opened the window: nothing on dev says that publication {name} is its own"]
    return [f"publication {name} on dev no longer says whose it is: somebody changed its comment"]
