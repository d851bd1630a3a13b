"""The lab's commands: two throw-away servers, ready for every other command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from egrow_replica.cli.demo import Demo
from egrow_replica.cli.lab_setup import set_up
from egrow_replica.cli.state import State
from egrow_replica.errors import UsageError
from egrow_replica.lab.lab import Lab

DEFAULT_CONFIGURATION = Path("egrow-replica.toml")

lab = typer.Typer(help="Two throw-away servers with the academy's schema and data.", no_args_is_help=True)

Directory = Annotated[Path, typer.Option(help="where the lab lives")]


@lab.command()
def up(
    context: typer.Context,
    directory: Directory = Path("egrow-lab"),
    scale: Annotated[int, typer.Option(min=1, help="how much data: 1 is 150 users")] = 1,
    seed: Annotated[int, typer.Option(help="the same seed makes the same data")] = 1,
    bin_dir: Annotated[Path | None, typer.Option(help="PostgreSQL binaries; default: the lab's wheel")] = None,
    dev_dsn: Annotated[str | None, typer.Option(help="an empty database with an administrator's login")] = None,
    prod_dsn: Annotated[str | None, typer.Option(help="another empty database")] = None,
    dev_dsn_from_prod: Annotated[
        str | None, typer.Option(help="how production's server reaches dev, where it is another way than ours")
    ] = None,
) -> BaseModel:
    """Start both servers in the background, load the academy, run setup, write a configuration."""
    state: State = context.obj
    config_path = state.config or DEFAULT_CONFIGURATION
    if (dev_dsn is None) != (prod_dsn is None):
        raise UsageError("give both --dev-dsn and --prod-dsn, or neither")
    if dev_dsn_from_prod is not None and dev_dsn is None:
        raise UsageError("--dev-dsn-from-prod is for servers of your own: give --dev-dsn and --prod-dsn too")
    if dev_dsn is not None and prod_dsn is not None:
        started = Lab.attach(
            directory,
            dev_dsn=dev_dsn,
            prod_dsn=prod_dsn,
            dev_dsn_from_prod=dev_dsn_from_prod,
            scale=scale,
            seed=seed,
            bin_dir=bin_dir,
            config_path=config_path,
        )
    else:
        started = Lab.start(directory, scale=scale, seed=seed, bin_dir=bin_dir, detached=True, config_path=config_path)
    try:
        set_up(started)
    except BaseException:
        started.stop()
        raise
    return started.status()


@lab.command()
def down(context: typer.Context, directory: Directory = Path("egrow-lab")) -> BaseModel:
    """Stop both servers and remove everything of the lab."""
    found = Lab.find(directory)
    report = found.status().model_copy(update={"running": False})
    found.stop()
    return report


@lab.command()
def status(context: typer.Context, directory: Directory = Path("egrow-lab")) -> BaseModel:
    """Show whether the lab runs and where."""
    return Lab.find(directory).status()


def demo(context: typer.Context) -> BaseModel:
    """Play a whole release window in a lab of its own, and check every promise."""
    state: State = context.obj
    return Demo(state.err if state.json else state.out).run()


def register(app: typer.Typer) -> None:
    """Give the application its lab commands."""
    app.add_typer(lab, name="lab")
    app.command()(demo)
