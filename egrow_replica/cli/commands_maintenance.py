"""Holding the application's writes."""

from __future__ import annotations

import typer
from pydantic import BaseModel

from egrow_replica.app.maintenance import MaintenanceOptions, hold_status, hold_writes, release_writes
from egrow_replica.cli.commands import Duration, Reason, duration_seconds
from egrow_replica.cli.language import tr
from egrow_replica.cli.state import State

maintenance = typer.Typer(help="Hold the writes of the application's roles, and release them.", no_args_is_help=True)


@maintenance.command("on")
def on(context: typer.Context, reason: Reason = None, duration: Duration = None) -> BaseModel:
    """Hold writes of the configured roles; their sessions end, and new ones only read."""
    state: State = context.obj
    options = MaintenanceOptions(reason=reason, seconds=duration_seconds(duration))
    use_case = state.context()
    state.confirm(tr("End the sessions of the application's roles, and let them only read?"))
    return hold_writes(use_case, options)


@maintenance.command("off")
def off(context: typer.Context) -> BaseModel:
    """Give the roles back what they had before; their sessions end, and new ones write."""
    state: State = context.obj
    use_case = state.context()
    state.confirm(tr("Release the application's writes?"))
    return release_writes(use_case)


@maintenance.command("status")
def status(context: typer.Context) -> BaseModel:
    """Show whether writes are held, and who is not held; changes nothing."""
    state: State = context.obj
    return hold_status(state.context())


def register(app: typer.Typer) -> None:
    """Give the application its command."""
    app.add_typer(maintenance, name="maintenance")
