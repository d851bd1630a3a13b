"""A first configuration."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import BaseModel

from egrow_replica.app.init import InitOptions, propose, write
from egrow_replica.cli.init_lines import show_init
from egrow_replica.cli.language import tr
from egrow_replica.cli.state import State
from egrow_replica.errors import EgrowError


def init(
    context: typer.Context,
    preset: Annotated[str | None, typer.Option(help="lists of tables that come with the program")] = None,
    force: Annotated[bool, typer.Option("--force", help="replace a configuration; the old one is kept")] = False,
) -> BaseModel:
    """Look at both databases and write a configuration with a proposal for every table."""
    state: State = context.obj
    options = InitOptions(file=state.config, preset=preset, force=force)
    proposal = propose(options, tr)
    asks = not state.yes and not state.json and state.out.is_terminal
    if asks:
        show_init(state.out, proposal.report)
    try:
        state.confirm(tr("Write {file}?").format(file=proposal.report.file))
    except EgrowError as error:
        error.report = None if asks else proposal.report
        raise
    return write(proposal, options)


def register(app: typer.Typer) -> None:
    """Give the application its command."""
    app.command()(init)
