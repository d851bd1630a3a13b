"""The command line: one place that turns answers and errors into output and exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from pydantic import BaseModel
from rich.markup import escape

from egrow_replica import __version__
from egrow_replica.cli import (
    commands,
    commands_doctor,
    commands_init,
    commands_lab,
    commands_maintenance,
    commands_plan,
    commands_streaks,
    language,
    log,
    render,
)
from egrow_replica.cli.arguments import take_apart
from egrow_replica.cli.language import Language, tr
from egrow_replica.cli.pipes import use_patient_streams
from egrow_replica.cli.state import State, console
from egrow_replica.errors import EgrowError, ExitCode, Interrupted, UsageError
from egrow_replica.results import HelpReport, VersionReport

app = typer.Typer(
    name="egrow-replica",
    help="Content from development to a live production; never a user's row.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(context: typer.Context, wanted: bool) -> None:
    if wanted:
        state: State = context.obj
        state.answer = VersionReport(version=__version__)
        raise typer.Exit


@app.callback()
def global_options(
    context: typer.Context,
    config: Annotated[Path | None, typer.Option(help="configuration file", show_default="egrow-replica.toml")] = None,
    json_output: Annotated[bool, typer.Option("--json", help="exactly one JSON object on standard output")] = False,
    lang: Annotated[Language | None, typer.Option(help="language of what people read", show_default="locale")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="no progress")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="more progress; a traceback for a bug")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="plain text")] = False,
    log_file: Annotated[Path | None, typer.Option(help="append a log to this file")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask before writing")] = False,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="the version")] = False,
) -> None:
    """Read the options that every command has."""
    language.use(lang)
    state: State = context.obj
    state.config, state.json, state.quiet = config, json_output, quiet
    state.verbose, state.yes, state.log_file = verbose, yes, log_file
    if no_color:
        state.out, state.err = console(no_color=True), console(stderr=True, no_color=True)
    if log_file is not None:
        log.open_log(log_file, verbose=verbose)
        log.begun(state.arguments)


commands.register(app)
commands_init.register(app)
commands_doctor.register(app)
commands_lab.register(app)
commands_maintenance.register(app)
commands_plan.register(app)
commands_streaks.register(app)


def main() -> None:
    """Entry point: run, and exit with the contract's code."""
    use_patient_streams()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))


def _interrupt(number: int, frame: object) -> NoReturn:
    """A polite end is an interruption: what was begun is taken back."""
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code."""
    started = time.monotonic()
    exit_code = _run(arguments)
    log.ended(exit_code, time.monotonic() - started)
    return exit_code


def _run(arguments: list[str]) -> int:
    line = take_apart(arguments)
    program = typer.main.get_command(app)
    command = line.command(getattr(program, "commands", {}))
    state = State(json=line.json, command=command, arguments=tuple(arguments))
    language.use(None)
    logging.getLogger("egrow_replica").addHandler(logging.NullHandler())
    prose = io.StringIO()  # help, which the parser prints by itself
    try:
        with contextlib.redirect_stdout(prose if line.json else sys.stdout):
            answer = program([*line.front, *line.rest], standalone_mode=False, obj=state, prog_name="egrow-replica")
    except EgrowError as error:
        return _fail(state, error)
    except typer.TyperException as error:
        hint = "`egrow-replica --help` lists commands and options."
        return _fail(state, UsageError(error.format_message(), hint=hint))
    except (KeyboardInterrupt, typer.Abort):
        return _fail(state, Interrupted("interrupted"))
    except Exception as error:
        return _bug(state, error)
    if answer == ExitCode.INTERRUPTED:  # what Typer makes of a KeyboardInterrupt
        return _fail(state, Interrupted("interrupted"))
    report = answer if isinstance(answer, BaseModel) else state.answer
    if report is None and state.json:
        report = HelpReport(help=prose.getvalue())
    if report is not None:
        _succeed(state, report)
    return ExitCode.OK


def _succeed(state: State, report: BaseModel) -> None:
    if state.json:
        _print_json(state.command, report, ExitCode.OK)
    else:
        render.show(state.out, report)


def _fail(state: State, error: EgrowError) -> int:
    report = error.report if isinstance(error.report, BaseModel) else None
    logging.getLogger("egrow_replica").error("%s: %s", error.code, error.message)
    if state.json:
        _print_json(state.command, report, int(error.exit_code), error)
        return int(error.exit_code)
    if report is not None:
        render.show(state.out, report)
    state.err.print(f"[red]{tr('error:')}[/] {escape(error.message)}", highlight=False, soft_wrap=True)
    if error.hint:
        state.err.print(f"[yellow]{tr('hint:')}[/]  {escape(error.hint)}", highlight=False, soft_wrap=True)
    return int(error.exit_code)


def _bug(state: State, error: Exception) -> int:
    """Only here a traceback is ever shown, and only where it was asked for or goes to the log."""
    trace = "".join(traceback.format_exception(error))
    logging.getLogger("egrow_replica").error("a bug: %s", trace)
    if state.verbose:
        state.err.print(trace, highlight=False, markup=False)
    wrapped = EgrowError(
        f"a bug in egrow-replica: {type(error).__name__}",
        hint="Run the command again with --log-file and report the log; `status` shows where the window stands.",
    )
    return _fail(state, wrapped)


def _print_json(command: str, report: BaseModel | None, exit_code: int, error: EgrowError | None = None) -> None:
    answer: dict[str, Any] = {"command": command, "ok": exit_code == ExitCode.OK, "exit_code": exit_code}
    if report is not None:
        answer |= report.model_dump(mode="json")
    if error is not None:
        answer["error"] = {"code": error.code, "message": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(answer, ensure_ascii=sys.stdout.encoding.lower() != "utf-8") + "\n")
    sys.stdout.flush()
