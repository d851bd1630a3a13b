"""Whether a window may be opened."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import BaseModel

from egrow_replica.app.doctor import doctor as examine
from egrow_replica.cli.state import State


def doctor(
    context: typer.Context,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="also try what the stream may do, and take it back: holds rows briefly")
    ] = False,
) -> BaseModel:
    """Look at everything that could stop or harm a window; changes nothing."""
    state: State = context.obj
    return examine(state.context(), rehearse=rehearse)


def register(app: typer.Typer) -> None:
    """Give the application its command."""
    app.command()(doctor)
