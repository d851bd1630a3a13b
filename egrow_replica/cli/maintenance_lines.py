"""A hold of writes as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from egrow_replica.cli.language import tr
from egrow_replica.results import HoldReport, MaintenanceReport


def show_maintenance(console: Console, report: MaintenanceReport) -> None:
    """Print it, with those who are not held and what weakens it."""
    if report.hold is None:
        console.print(tr("writes are not held"))
    else:
        show_hold(console, report.hold, in_force=report.in_force)
    if report.sessions_ended:
        console.print(tr("sessions ended: {count}").format(count=report.sessions_ended), highlight=False)
    for other in report.not_held:
        line = tr("not held: {role} ({why}), sessions now: {count}")
        console.print(
            line.format(role=escape(other.role), why=escape(other.why), count=other.sessions),
            highlight=False,
            soft_wrap=True,
        )
    for warning in report.warnings:
        console.print(f"[yellow]{tr('warning:')}[/] {escape(warning)}", highlight=False, soft_wrap=True)


def show_hold(console: Console, hold: HoldReport, *, in_force: bool = True) -> None:
    """Print whose writes it holds, or has held, and what they had before."""
    line = tr("writes of {roles} are released (hold {id}, by {who})")
    if in_force:
        line = tr("writes of {roles} are held until {when:%Y-%m-%d %H:%M:%S%z} (hold {id}, by {who})")
    roles = escape(", ".join(one.role for one in hold.roles))
    text = line.format(roles=roles, when=hold.ends_at, id=hold.id, who=escape(hold.held_by))
    console.print(text, highlight=False, soft_wrap=True)
    if hold.reason:
        console.print(tr("because: {why}").format(why=escape(hold.reason)), highlight=False, soft_wrap=True)
    for one in hold.roles:
        before = one.before if one.before is not None else tr("nothing")
        console.print(tr("before: {role}: {value}").format(role=escape(one.role), value=before), highlight=False)
