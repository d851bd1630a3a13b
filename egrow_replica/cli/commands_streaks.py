"""The academy's streak report."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import BaseModel

from egrow_replica.app.streaks import streaks_full, streaks_quick
from egrow_replica.cli.state import State

streaks = typer.Typer(help="The academy's streaks on production; only reads.", no_args_is_help=True)


@streaks.command()
def quick(context: typer.Context) -> BaseModel:
    """Count users, streaks, badges and this week's completions."""
    state: State = context.obj
    return streaks_quick(state.context())


@streaks.command()
def full(
    context: typer.Context,
    limit: Annotated[int, typer.Option(min=1, help="so many entries of each list are shown; JSON has all")] = 20,
) -> BaseModel:
    """Also list the entries of each table, and everything that contradicts itself."""
    state: State = context.obj
    return streaks_full(state.context(), shown=limit)


def register(app: typer.Typer) -> None:
    """Give the application its streak commands."""
    app.add_typer(streaks, name="streaks")
