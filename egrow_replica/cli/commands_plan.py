"""What ``enable`` would do, as a command of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from egrow_replica.app.enable import EnableOptions
from egrow_replica.app.plan import plan as make_plan
from egrow_replica.cli.commands import AllowUnproven, Answer, Name, NoBackup, Reason
from egrow_replica.cli.state import State
from egrow_replica.errors import UsageError

NAMES = ("plan", "dry-run")


def plan(
    context: typer.Context,
    name: Name = None,
    reason: Reason = None,
    no_backup: NoBackup = False,
    allow_unproven: AllowUnproven = False,
    out: Annotated[Path | None, typer.Option(help="keep the plan in this file, for `enable --plan`")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace the file that is there")] = False,
) -> Answer:
    """Show what enable would do, step by step with its SQL; changes nothing. Also called dry-run."""
    state: State = context.obj
    if force and out is None:
        raise UsageError("--force is for --out")
    options = EnableOptions(name=name, reason=reason, whole_backup=not no_backup, allow_unproven=allow_unproven)
    return Answer(context.info_name or "plan", make_plan(state.context(), options, out=out, force=force))


def register(app: typer.Typer) -> None:
    """Give the application its command, under both names."""
    app.command()(plan)
    app.command("dry-run", hidden=True)(plan)
