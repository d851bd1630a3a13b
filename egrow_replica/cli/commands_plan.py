"""What ``enable`` would do, as a command of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from egrow_replica.app.plan import plan as make_plan
from egrow_replica.cli.commands import (
    AllowUnproven,
    Duration,
    Maintenance,
    Name,
    NoBackup,
    Reason,
    enable_options,
)
from egrow_replica.cli.state import State
from egrow_replica.errors import UsageError


def plan(
    context: typer.Context,
    name: Name = None,
    reason: Reason = None,
    no_backup: NoBackup = False,
    allow_unproven: AllowUnproven = False,
    maintenance: Maintenance = False,
    duration: Duration = None,
    out: Annotated[Path | None, typer.Option(help="keep the plan in this file, for `enable --plan`")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace the file that is there")] = False,
) -> BaseModel:
    """Show what enable would do, step by step with its SQL; changes nothing. Also called dry-run."""
    state: State = context.obj
    if force and out is None:
        raise UsageError("--force is for --out")
    use_case = state.context()
    options = enable_options(use_case, name, reason, no_backup, allow_unproven, maintenance, duration)
    return make_plan(use_case, options, out=out, force=force)


def register(app: typer.Typer) -> None:
    """Give the application its command, under both names."""
    app.command()(plan)
    app.command("dry-run", hidden=True)(plan)
