"""Holding the application's writes, for a window or for anything else that a DBA does."""

from __future__ import annotations

import time

from egrow_replica.app.context import Context, who
from egrow_replica.app.left import saying_what_is_held
from egrow_replica.db import Door
from egrow_replica.errors import WrongState
from egrow_replica.model import Model
from egrow_replica.results import HeldRoleReport, HoldReport, MaintenanceReport, NotHeld
from egrow_replica.window.hold import (
    Hold,
    Wish,
    begin,
    check_roles,
    end_left_behind,
    protected_oids,
    read_hold,
    read_left_behind,
    read_writers,
    refuse_held,
    release,
    weakness,
)
from egrow_replica.window.journal import Journal
from egrow_replica.window.servers import Servers


class MaintenanceOptions(Model):
    """What the command line says; ``seconds``: how long the hold may last, the configuration's where it is ``None``."""

    reason: str | None = None
    seconds: float | None = None


def hold_writes(context: Context, options: MaintenanceOptions) -> MaintenanceReport:
    """Hold the writes of the configured roles.

    The controllers' lock is not taken: writes can be held and released whatever a controller does.

    :raises EgrowError: as :func:`egrow_replica.window.hold.begin`; then nothing is held.
    """
    started = time.monotonic()
    servers, settings = context.servers(), context.settings.maintenance
    with servers.read_prod("maintenance") as prod:
        check_roles(prod, settings.roles, servers.prod.user)
        refuse_held(read_hold(prod))
    with saying_what_is_held(servers):
        return _hold(context, servers, options, started)


def _hold(context: Context, servers: Servers, options: MaintenanceOptions, started: float) -> MaintenanceReport:
    settings = context.settings.maintenance
    with servers.journal_prod("maintenance/journal") as door:
        Journal(door, "").create()
    user, host = who(context.settings)
    wish = Wish(
        roles=settings.roles,
        seconds=options.seconds or settings.duration,
        grace=settings.grace,
        os_user=user,
        os_host=host,
        reason=options.reason,
    )
    outcome = begin(servers, wish, context.listener)
    with servers.read_prod("maintenance") as prod:
        return _report(context, prod, outcome.hold, started, in_force=True, ended=outcome.ended)


def release_writes(context: Context) -> MaintenanceReport:
    """End the hold in force, whoever began it; or finish the work of an ``off`` that died.

    :raises WrongState: none is; :raises PreflightFailed: our rights are gone.
    """
    started = time.monotonic()
    servers = context.servers()
    with servers.read_prod("maintenance") as prod:
        hold = read_hold(prod)
        behind = read_left_behind(prod) if hold is None else None
    grace = context.settings.maintenance.grace
    if hold is not None:
        user, host = who(context.settings)
        with saying_what_is_held(servers):
            outcome = release(servers, hold, f"{user}@{host} released it", grace=grace)
    elif behind is not None:
        hold = behind[0]
        with saying_what_is_held(servers):
            outcome = end_left_behind(servers, hold, grace=grace)
    else:
        raise WrongState("writes are not held", hint="`egrow-replica maintenance on` holds them.", code="not-held")
    left = [f"{session} has not ended: it only reads until it does" for session in outcome.left]
    return MaintenanceReport(
        in_force=False,
        hold=hold_report(hold),
        sessions_ended=outcome.ended,
        warnings=(*outcome.notes, *left),
        total_seconds=round(time.monotonic() - started, 3),
    )


def hold_status(context: Context) -> MaintenanceReport:
    """Whether writes are held, what weakens the hold, and who is not held; changes nothing."""
    started = time.monotonic()
    with context.servers().read_prod("maintenance") as prod:
        hold = read_hold(prod)
        return _report(context, prod, hold, started, in_force=hold is not None)


def release_of_window(context: Context, window: str) -> None:
    """End the hold that a window made, if it is still in force.

    :raises EgrowError: it could not be.
    """
    servers = context.servers()
    with servers.read_prod("maintenance") as prod:
        hold = read_hold(prod)
    if hold is not None and hold.window_name == window:
        release(servers, hold, "the command that made it ended", grace=context.settings.maintenance.grace)


def _report(
    context: Context, prod: Door, hold: Hold | None, started: float, *, in_force: bool, ended: int = 0
) -> MaintenanceReport:
    protected = protected_oids(prod, context.settings.tables.all_content)
    held = hold.names if hold is not None else context.settings.maintenance.roles
    writers = read_writers(prod, protected, held) if held else []
    return MaintenanceReport(
        in_force=in_force,
        hold=hold_report(hold) if hold is not None else None,
        sessions_ended=ended,
        not_held=tuple(NotHeld(role=one.role, why=one.why, sessions=one.sessions) for one in writers),
        warnings=hold_warnings(prod, hold, protected) if hold is not None else left_behind_warnings(prod),
        total_seconds=round(time.monotonic() - started, 3),
    )


def hold_report(hold: Hold) -> HoldReport:
    """The hold as commands answer it."""
    return HoldReport(
        id=hold.id,
        roles=tuple(HeldRoleReport(role=role.name, before=role.before) for role in hold.roles),
        begun_at=hold.begun_at,
        held_since=hold.held_since,
        ends_at=hold.ends_at,
        overdue=hold.seconds_left < 0,
        reason=hold.reason,
        held_by=f"{hold.os_user}@{hold.os_host} as {hold.database_role}",
        window=hold.window_name,
    )


def overdue_warning(hold: Hold) -> tuple[str, ...]:
    """What to say of a hold whose time is over: its controller is gone, or could not release it."""
    if hold.seconds_left >= 0:
        return ()
    return (
        f"the hold of writes of {', '.join(hold.names)} is overdue by {-hold.seconds_left:.0f} s: "
        "`egrow-replica maintenance off` ends it",
    )


def left_behind_warnings(prod: Door) -> tuple[str, ...]:
    """What to say where an ``off`` died before it had ended the sessions that only read."""
    behind = read_left_behind(prod)
    if behind is None:
        return ()
    hold, sessions = behind
    return (
        f"hold {hold.id} was released, but {', '.join(map(str, sessions))} began under it and only read until they "
        "end: `egrow-replica maintenance off` ends them",
    )


def hold_warnings(prod: Door, hold: Hold, protected: list[int]) -> tuple[str, ...]:
    """What a DBA has to know of the hold in force."""
    _, reason = weakness(prod, protected, "")
    weak = (f"no exact evidence could rest on it: {reason}",) if reason else ()
    return (*overdue_warning(hold), *weak)
