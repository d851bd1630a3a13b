"""The commands: each parses, calls one use case, and hands its answer back."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from pydantic import BaseModel

from egrow_replica.app.backups import backups_list
from egrow_replica.app.compare import CompareOptions
from egrow_replica.app.compare import compare as compare_content
from egrow_replica.app.context import Context
from egrow_replica.app.disable import DisableOptions
from egrow_replica.app.disable import disable as close_window
from egrow_replica.app.enable import Approval, EnableOptions
from egrow_replica.app.enable import enable as open_window
from egrow_replica.app.orphan import disable_orphan
from egrow_replica.app.plan import approval, options_of
from egrow_replica.app.plan import plan as make_plan
from egrow_replica.app.restore import RestoreOptions
from egrow_replica.app.restore import restore as restore_content
from egrow_replica.app.setup import SetupAction
from egrow_replica.app.setup import setup as set_up
from egrow_replica.app.status import status as look
from egrow_replica.app.stream import pause as pause_stream
from egrow_replica.app.stream import resume as resume_stream
from egrow_replica.app.sync import sync as open_and_close
from egrow_replica.app.validate import validate as gather_evidence
from egrow_replica.app.validate import validate_only as only_validate
from egrow_replica.cli.language import tr
from egrow_replica.cli.state import State
from egrow_replica.errors import ContentDiffers, UsageError
from egrow_replica.guard import read_name
from egrow_replica.model import Check
from egrow_replica.results import CompareReport
from egrow_replica.settings import seconds


class Referenced(StrEnum):
    """What a restore does with rows that users' rows reference."""

    KEEP = "keep"
    FAIL = "fail"


class Format(StrEnum):
    """How ``status`` answers."""

    TEXT = "text"
    JSON = "json"


Name = Annotated[str | None, typer.Option(help="the window's name; default: the date")]
Reason = Annotated[str | None, typer.Option(help="why, for the journal")]
NoBackup = Annotated[bool, typer.Option("--no-backup", help="content files only, no whole-database dump")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show the steps and their SQL, do nothing")]
Maintenance = Annotated[bool, typer.Option("--maintenance", help="hold the application's writes meanwhile")]
Duration = Annotated[str | None, typer.Option(help="how long writes may be held, 10min for example")]
ValidateOnly = Annotated[bool, typer.Option("--validate-only", help="only gather evidence, do nothing")]
PlanFile = Annotated[
    Path | None, typer.Option("--plan", help="open the window of a plan that `plan --out` kept", show_default=False)
]
AllowUnproven = Annotated[bool, typer.Option("--allow-unproven", help="accept tables of which nothing can be proved")]


def setup(
    context: typer.Context,
    print_: Annotated[bool, typer.Option("--print", help="show the SQL (default)")] = False,
    apply: Annotated[bool, typer.Option("--apply", help="run it with the administrators' connections")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="remove the roles again")] = False,
    grant_superuser: Annotated[
        bool, typer.Option("--grant-superuser", help="let dev's operator become a member of a superuser")
    ] = False,
) -> BaseModel:
    """Make the controller's roles with the least privileges, on both servers."""
    if print_ + apply + remove > 1:
        raise UsageError("give one of --print, --apply, --remove", hint="--print is the default.")
    state: State = context.obj
    action = SetupAction.APPLY if apply else SetupAction.REMOVE if remove else SetupAction.PRINT
    if action is not SetupAction.PRINT:
        state.confirm(tr("Change the roles on both servers?"))

    def agree(check: Check) -> bool:
        return grant_superuser or state.agrees(f"{check.message}. {tr('Do it all the same?')}")

    return set_up(state.context(), action, agree=agree)


def enable(
    context: typer.Context,
    name: Name = None,
    reason: Reason = None,
    no_backup: NoBackup = False,
    allow_unproven: AllowUnproven = False,
    maintenance: Maintenance = False,
    duration: Duration = None,
    dry_run: DryRun = False,
    validate_only: ValidateOnly = False,
    plan: PlanFile = None,
) -> BaseModel:
    """Open a release window; returns once it is validated and streaming."""
    state: State = context.obj
    use_case = state.context()
    options = enable_options(use_case, name, reason, no_backup, allow_unproven, maintenance, duration)
    question = tr("Open a window on production?")
    return _open(state, use_case, options, open_window, question, plan, dry_run, validate_only)


def sync(
    context: typer.Context,
    name: Name = None,
    reason: Reason = None,
    no_backup: NoBackup = False,
    allow_unproven: AllowUnproven = False,
    maintenance: Maintenance = False,
    duration: Duration = None,
    dry_run: DryRun = False,
    validate_only: ValidateOnly = False,
    plan: PlanFile = None,
) -> BaseModel:
    """Open a window, validate it and close it."""
    state: State = context.obj
    use_case = state.context()
    options = enable_options(use_case, name, reason, no_backup, allow_unproven, maintenance, duration)
    question = tr("Bring content to production?")
    return _open(state, use_case, options, open_and_close, question, plan, dry_run, validate_only)


def _open(
    state: State,
    context: Context,
    options: EnableOptions,
    action: Callable[[Context, EnableOptions, Approval | None], BaseModel],
    question: str,
    plan: Path | None,
    dry_run: bool,
    validate_only: bool,
) -> BaseModel:
    """What opens a window, once a person agrees; or what only looks."""
    approve = None
    if plan is not None:
        if validate_only or dry_run:
            raise UsageError("--plan opens a window: leave --dry-run and --validate-only out")
        saved, options = options_of(plan, options)
        approve = approval(context, saved, options)
    if validate_only:
        return only_validate(context)
    if dry_run:
        return make_plan(context, options)
    state.confirm(question)
    return action(context, options, approve)


def enable_options(
    context: Context,
    name: str | None,
    reason: str | None,
    no_backup: bool,
    allow_unproven: bool,
    maintenance: bool,
    duration: str | None,
) -> EnableOptions:
    """What `enable`, `sync` and `plan` were told; :raises UsageError: a duration of nothing, or that is none."""
    held = duration_seconds(duration)
    if held is not None and not maintenance:
        raise UsageError("--duration is for --maintenance", hint="Say --maintenance, or leave --duration out.")
    return EnableOptions(
        name=name,
        reason=reason,
        whole_backup=not no_backup,
        allow_unproven=allow_unproven,
        hold_seconds=(held or context.settings.maintenance.duration) if maintenance else None,
    )


def duration_seconds(text: str | None) -> float | None:
    """A duration from the command line; :raises UsageError: it is none."""
    if text is None:
        return None
    try:
        value = seconds(text)
    except ValueError as error:
        raise UsageError(f"--duration {text!r}: {error}", hint="10min, for example.") from None
    if value <= 0:
        raise UsageError("--duration must be more than zero", hint="10min, for example.")
    return value


def status(
    context: typer.Context,
    format_: Annotated[Format, typer.Option("--format", help="how to answer")] = Format.TEXT,
) -> BaseModel:
    """Show how the open window is doing."""
    state: State = context.obj
    state.json = state.json or format_ is Format.JSON
    return look(state.context())


def compare(
    context: typer.Context,
    table: Annotated[list[str] | None, typer.Option("--table", help="only this table; may be repeated")] = None,
    rows: Annotated[bool, typer.Option("--rows", help="also the keys")] = False,
    columns: Annotated[bool, typer.Option("--columns", help="also old and new values")] = False,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="exit 9 where there are differences")] = False,
) -> BaseModel:
    """Show what a window would change."""
    state: State = context.obj
    tables = tuple(read_name(name) for name in table or ())
    report = compare_content(state.context(), CompareOptions(tables=tables, rows=rows, columns=columns))
    if exit_code and report.different:
        error = ContentDiffers(_differences(report), hint="`egrow-replica plan` shows how a window would bring them.")
        error.report = report
        raise error
    return report


def _differences(report: CompareReport) -> str:
    new, updated = (sum(getattr(one, kind) for one in report.tables) for kind in ("new", "updated"))
    tables = [f"{one.table}: {one.new} new, {one.updated} updated" for one in report.tables if one.new or one.updated]
    return f"dev has {new} new and {updated} updated rows ({'; '.join(tables)})"


def pause(
    context: typer.Context,
    if_changed: Annotated[
        bool, typer.Option("--if-changed", help="only if what a write sets in motion has changed, and could do harm")
    ] = False,
) -> BaseModel:
    """Stop the stream at once, without draining."""
    state: State = context.obj
    use_case = state.context()
    state.confirm(tr("Stop the stream?"))
    return pause_stream(use_case, if_changed=if_changed)


def resume(context: typer.Context) -> BaseModel:
    """Let a paused stream go on."""
    state: State = context.obj
    use_case = state.context()
    state.confirm(tr("Let the stream go on?"))
    return resume_stream(use_case)


def validate(
    context: typer.Context,
    full_scan: Annotated[bool, typer.Option("--full-scan", help="also scan what no WAL record wrote")] = False,
) -> BaseModel:
    """Gather the evidence that user data is intact; changes nothing."""
    state: State = context.obj
    return gather_evidence(state.context(), full_scan=full_scan)


def disable(
    context: typer.Context,
    now: Annotated[bool, typer.Option("--now", help="do not wait for what is still on its way")] = False,
    force: Annotated[bool, typer.Option("--force", help="also where dev cannot be reached")] = False,
    no_validate: Annotated[bool, typer.Option("--no-validate", help="do not gather evidence")] = False,
    orphan: Annotated[bool, typer.Option("--orphan", help="a window that the journal does not know")] = False,
) -> BaseModel:
    """Close the window: drain, validate, remove everything that it made."""
    if orphan and (now or no_validate):
        raise UsageError("--orphan neither drains nor validates: leave --now and --no-validate out")
    state: State = context.obj
    use_case = state.context()
    state.confirm(tr("Close the window?"))
    if orphan:
        return disable_orphan(use_case, force=force)
    options = DisableOptions(drain=not now, force=force, validate_first=not no_validate)
    return close_window(use_case, options)


def restore(
    context: typer.Context,
    window: Annotated[str | None, typer.Argument(help="window; default: the last closed one")] = None,
    backup: Annotated[Path | None, typer.Option(help="directory of a backup")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="count only")] = False,
    referenced: Annotated[
        Referenced, typer.Option(help="rows of the window that users' rows reference: keep them, or stop")
    ] = Referenced.KEEP,
) -> BaseModel:
    """Put content back to what it was before a window."""
    state: State = context.obj
    use_case = state.context()
    if not dry_run:
        state.confirm(tr("Put content back?"))
    options = RestoreOptions(
        window=window, backup=backup, dry_run=dry_run, keep_referenced=referenced is Referenced.KEEP
    )
    return restore_content(use_case, options)


backups = typer.Typer(help="The backups that are there.", no_args_is_help=True)


@backups.command("list")
def list_(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="read every file, and compare its checksum")] = False,
) -> BaseModel:
    """List the backups, the oldest first; without --check only sizes are looked at."""
    state: State = context.obj
    return backups_list(state.context(), check=check)


def register(app: typer.Typer) -> None:
    """Give the application its commands."""
    for command in (setup, compare, enable, status, pause, resume, validate, disable, sync, restore):
        app.command()(command)
    app.add_typer(backups, name="backups")
