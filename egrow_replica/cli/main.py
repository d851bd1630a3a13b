"""The command line: one place that turns answers and errors into output and exit codes."""

from __future__ import annotations

import io
import json
import logging
import signal
import sys
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
    render,
)
from egrow_replica.cli.arguments import global_options_first
from egrow_replica.cli.language import Language, tr
from egrow_replica.cli.state import State, console
from egrow_replica.errors import EgrowError, ExitCode, Interrupted, UsageError

app = typer.Typer(
    name="egrow-replica",
    help="Content from development to a live production; never a user's row.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"egrow-replica {__version__}")
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
    _start_log(state)


commands.register(app)
commands_init.register(app)
commands_doctor.register(app)
commands_lab.register(app)
commands_maintenance.register(app)
commands_plan.register(app)
commands_streaks.register(app)


def main() -> None:
    """Entry point: run, and exit with the contract's code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # an old terminal shows a ? where it has no sign
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup means it
            signal.signal(number, _interrupt)
    sys.exit(run(sys.argv[1:]))


def _interrupt(number: int, frame: object) -> NoReturn:
    """A polite end is an interruption: what was begun is taken back."""
    raise KeyboardInterrupt


def run(arguments: list[str]) -> int:
    """Run one command line; its exit code."""
    state = State(json="--json" in arguments)
    language.use(None)
    logging.getLogger("egrow_replica").addHandler(logging.NullHandler())
    try:
        answer = app(global_options_first(arguments), standalone_mode=False, obj=state, prog_name="egrow-replica")
    except EgrowError as error:
        return _fail(state, arguments, error)
    except typer.TyperException as error:
        hint = "`egrow-replica --help` lists commands and options."
        return _fail(state, arguments, UsageError(error.format_message(), hint=hint))
    except (KeyboardInterrupt, typer.Abort):
        return _fail(state, arguments, Interrupted("interrupted"))
    except Exception as error:
        return _bug(state, arguments, error)
    return _end(state, arguments, answer)


def _end(state: State, arguments: list[str], answer: object) -> int:
    if isinstance(answer, commands.Answer):
        return _succeed(state, answer)
    if answer == ExitCode.INTERRUPTED:  # what Typer makes of a KeyboardInterrupt
        return _fail(state, arguments, Interrupted("interrupted"))
    return answer if isinstance(answer, int) else ExitCode.OK


def _succeed(state: State, answer: commands.Answer) -> int:
    if state.json:
        _print_json(answer.command, answer.report, int(answer.exit_code))
    else:
        render.show(state.out, answer.report)
    return int(answer.exit_code)


def _fail(state: State, arguments: list[str], error: EgrowError) -> int:
    report = error.report if isinstance(error.report, BaseModel) else None
    logging.getLogger("egrow_replica").error("%s: %s", error.code, error.message)
    if state.json:
        _print_json(_command(arguments), report, int(error.exit_code), error)
        return int(error.exit_code)
    if report is not None:
        render.show(state.out, report)
    state.err.print(f"[red]{tr('error:')}[/] {escape(error.message)}", highlight=False, soft_wrap=True)
    if error.hint:
        state.err.print(f"[yellow]{tr('hint:')}[/]  {escape(error.hint)}", highlight=False, soft_wrap=True)
    return int(error.exit_code)


def _bug(state: State, arguments: list[str], error: Exception) -> int:
    """Only here a traceback is ever shown, and only where it was asked for or goes to the log."""
    trace = "".join(traceback.format_exception(error))
    logging.getLogger("egrow_replica").error("a bug: %s", trace)
    if state.verbose:
        state.err.print(trace, highlight=False, markup=False)
    wrapped = EgrowError(
        f"a bug in egrow-replica: {type(error).__name__}",
        hint="Run the command again with --log-file and report the log; `status` shows where the window stands.",
    )
    return _fail(state, arguments, wrapped)


def _print_json(command: str, report: BaseModel | None, exit_code: int, error: EgrowError | None = None) -> None:
    answer: dict[str, Any] = {"command": command, "ok": exit_code == ExitCode.OK, "exit_code": exit_code}
    if report is not None:
        answer |= report.model_dump(mode="json")
    if error is not None:
        answer["error"] = {"code": error.code, "message": error.message, "hint": error.hint}
    sys.stdout.write(json.dumps(answer, ensure_ascii=sys.stdout.encoding.lower() != "utf-8") + "\n")
    sys.stdout.flush()


def _command(arguments: list[str]) -> str:
    words = [word for word in global_options_first(arguments) if not word.startswith("-")]
    modules = (
        commands, commands_doctor, commands_init, commands_lab, commands_maintenance, commands_plan, commands_streaks,
    )  # fmt: skip
    names = {name for module in modules for name in module.NAMES}
    return next((word for word in words if word in names), "")


def _start_log(state: State) -> None:
    if state.log_file is None:
        return
    try:
        handler = logging.FileHandler(state.log_file, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"the log file {str(state.log_file)!r} cannot be written: {error.strerror}") from None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("egrow_replica")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    # Every statement that is sent: much, and only where it was asked for.
    logging.getLogger("egrow_replica.sql").setLevel(logging.DEBUG if state.verbose else logging.INFO)
