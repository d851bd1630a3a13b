"""Answers as a person reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egrow_replica import results
from egrow_replica.app.backups import BackupsReport
from egrow_replica.cli.differences import difference_lines
from egrow_replica.cli.streak_lines import show_full, show_quick
from egrow_replica.model import TableVerdict, WindowState
from egrow_replica.streaks import FullReport, QuickReport

_VERDICTS = {
    TableVerdict.INTACT: "green",
    TableVerdict.CHANGED_BY_APPLICATION: "green",
    TableVerdict.UNPROVEN: "yellow",
    TableVerdict.TOUCHED: "bold red",
}
_STATES = {WindowState.STREAMING: "green", WindowState.FAILED: "red", WindowState.CLOSED: "green"}


def show(console: Console, report: object) -> None:
    """Print an answer; one without a picture of its own is printed as its fields."""
    for kind, picture in _PICTURES.items():
        if isinstance(report, kind):
            picture(console, report)
            return
    if isinstance(report, BaseModel):
        for name, value in report.model_dump(mode="json").items():
            console.print(f"{name}: {value}", markup=False)


def _table(*headers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in headers:
        table.add_column(header, justify="right" if header[0] == "#" else "left", overflow="fold")
    for column in table.columns:
        column.header = str(column.header).removeprefix("#")
    return table


def _window(console: Console, window: results.WindowSummary, seconds: float | None = None) -> None:
    colour = _STATES.get(window.state, "yellow")
    took = f" after {seconds:.1f} s" if seconds is not None else ""
    console.print(f"window [bold]{window.name}[/]: [{colour}]{window.state}[/]{took}", highlight=False)


def _enable(console: Console, report: results.EnableReport | results.SyncReport) -> None:
    _window(console, report.window, report.total_seconds)
    if report.backup is not None:
        size = _size(report.backup.bytes)
        console.print(f"backup: {report.backup.directory} ({size})", highlight=False, soft_wrap=True)
    _reconciled(console, report.reconciled)
    _validation(console, report.validation)
    if report.rolled_back:
        console.print("[yellow]rolled back: both servers are as they were[/]")


def _reconciled(console: Console, reconciled: tuple[results.Reconciled, ...]) -> None:
    if not reconciled:
        return
    table = _table("content", "#inserted", "#updated")
    for one in reconciled:
        table.add_row(escape(str(one.table)), str(one.inserted), str(one.updated))
    console.print(table)


def _validation(console: Console, validation: results.Validation | None) -> None:
    if validation is None:
        return
    intact = [one for one in validation.tables if one.verdict is TableVerdict.INTACT]
    console.print(f"{len(intact)} of {len(validation.tables)} protected tables are as they were", highlight=False)
    table = _table("protected table", "verdict", "#before", "#after", "why")
    for one in validation.tables:
        if one.verdict is TableVerdict.INTACT:
            continue
        colour = _VERDICTS[one.verdict]
        table.add_row(
            escape(str(one.table)),
            f"[{colour}]{one.verdict}[/]",
            _number(one.rows_before),
            _number(one.rows_after),
            escape(one.reason),
        )
    if table.row_count:
        console.print(table)
    new = [one for one in validation.orphans if one.count_after > one.count_before]
    console.print(f"orphans: {len(new)} foreign keys have new ones, of {len(validation.orphans)} looked at")
    if validation.content.equal is not None:
        differing = sum(one.differing for one in validation.content.tables)
        console.print("content: as on dev" if validation.content.equal else f"content: [red]{differing} rows differ[/]")
    for note in validation.notes:
        console.print(f"note: {escape(note)}", highlight=False, soft_wrap=True)
    for problem in validation.problems:
        console.print(f"[red]problem:[/] {escape(problem)}", highlight=False, soft_wrap=True)
    colour = _VERDICTS[validation.verdict]
    console.print(f"verdict: [{colour}]{validation.verdict}[/] (evidence: {validation.evidence})")


def _compare(console: Console, report: results.CompareReport) -> None:
    table = _table("content", "#new", "#updated", "#unchanged", "#only on production", "left out")
    for one in report.tables:
        figures = (one.new, one.updated, one.unchanged, one.production_only)
        table.add_row(escape(str(one.table)), *map(str, figures), escape(", ".join(one.left_out)))
    console.print(table)
    for one in report.tables:
        if one.keys is not None:
            for kind, keys in one.keys.model_dump().items():
                for key in keys:
                    console.print(f"{one.table} {kind.replace('_', ' ')}: {key}", markup=False, highlight=False)
        for change in one.changes or ():
            console.print(escape(f"{one.table} {change.key}: {change.column}"), highlight=False, soft_wrap=True)
            for mark, text in difference_lines(change.production, change.dev):
                colour = "red" if mark == "-" else "green"
                console.print(f"  [{colour}]{mark} {escape(text)}[/]", highlight=False, soft_wrap=True)
    if report.unclassified:
        names = ", ".join(map(str, report.unclassified))
        console.print(f"in no list, so protected: {names}", markup=False, highlight=False, soft_wrap=True)


def _plan(console: Console, report: results.PlanReport) -> None:
    console.print(f"window [bold]{report.window}[/] would be opened so:", highlight=False)
    for number, step in enumerate(report.steps, 1):
        mark = "[green]allowed[/]" if step.guard == "allowed" else f"[red]refused: {escape(step.reason or '')}[/]"
        console.print(f"{number:2} {step.name} on {step.server}: {step.description} ({mark})", highlight=False)
        for statement in step.sql:
            console.print(f"{statement};", markup=False, highlight=False, soft_wrap=True)
    table = _table("content", "#new", "#updated", "#only on production")
    for one in report.tables:
        table.add_row(escape(str(one.table)), str(one.new), str(one.updated), str(one.production_only))
    console.print(table)
    console.print("nothing was done")


def _status(console: Console, report: results.StatusReport) -> None:
    window = report.window
    if window is None:
        console.print("no window is open")
        return
    _window(console, results.WindowSummary(name=window.name, state=window.state))
    why = f", because: {window.reason}" if window.reason else ""
    console.print(escape(f"opened {window.opened_at:%Y-%m-%d %H:%M} by {window.opened_by}{why}"), highlight=False)
    seconds = "unknown" if report.lag_seconds is None else f"{report.lag_seconds:.1f} s"
    lag = "unknown" if report.lag_bytes is None else _size(report.lag_bytes)
    console.print(f"lag: {lag}, {seconds}", highlight=False)
    if report.slot is not None:
        held = _size(report.slot.retained_bytes or 0)
        active = "active" if report.slot.active else "not active"
        console.print(f"slot on dev: {report.slot.name}, {active}, keeps {held} of WAL", highlight=False)
    if report.subscription is not None:
        enabled = "enabled" if report.subscription.enabled else "disabled"
        console.print(f"subscription: {enabled}, {report.subscription.apply_errors} apply errors", highlight=False)
    for worker in report.workers:
        console.print(f"worker {worker.pid} runs as {worker.role}", highlight=False)
    ready = sum(1 for table in report.tables if table.state == "ready")
    console.print(f"tables: {ready} of {len(report.tables)} ready", highlight=False)
    for warning in report.warnings:
        console.print(f"[yellow]warning:[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _disable(console: Console, report: results.DisableReport) -> None:
    _window(console, report.window, report.total_seconds)
    _validation(console, report.validation)
    for one in report.removed:
        console.print(f"removed on {one.server}: {one.kind} {one.name}", highlight=False)
    for one in report.left_behind:
        console.print(f"[yellow]left on {one.server}: {one.kind} {one.name}[/]", highlight=False)


def _sync(console: Console, report: results.SyncReport) -> None:
    _enable(console, report)
    for one in report.left_behind:
        console.print(f"[yellow]left on {one.server}: {one.kind} {one.name}[/]", highlight=False)


def _restore(console: Console, report: results.RestoreReport) -> None:
    verb = "would put back" if report.dry_run else "put back"
    what = f"{verb} the content of window {report.window.name} from {report.backup}"
    console.print(what, highlight=False, soft_wrap=True)
    table = _table("content", "#reverted", "#removed", "#reinserted", "#kept", "#edited here")
    for one in report.tables:
        figures = (one.reverted, one.removed, one.reinserted, one.kept_referenced, one.locally_edited)
        table.add_row(escape(str(one.table)), *map(str, figures))
    console.print(table)
    _validation(console, report.validation)


def _setup(console: Console, report: results.SetupReport) -> None:
    for title, statements in (("PRODUCTION", report.prod), ("DEVELOPMENT", report.dev)):
        console.print(f"-- {title}{', applied' if report.applied else ''}", markup=False, highlight=False)
        for statement in statements:
            console.print(f"{statement};", markup=False, highlight=False, soft_wrap=True)
    if not report.applied:
        console.print("-- Then give the login roles their passwords with \\password.", markup=False, highlight=False)


def _pause(console: Console, report: results.PauseReport) -> None:
    _window(console, report.window)


def _backups(console: Console, report: BackupsReport) -> None:
    if not report.backups:
        console.print("no backups")
        return
    table = _table("window", "made", "#size", "server", "#tables", "complete", "directory")
    for one in report.backups:
        table.add_row(
            one.window,
            f"{one.created_at:%Y-%m-%d %H:%M}",
            _size(one.bytes),
            one.server_version,
            str(one.tables),
            "yes" if one.verified else "[red]no[/]",
            escape(str(one.directory)),
        )
    console.print(table)


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)


def _size(count: int) -> str:
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if abs(value) < 1024:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


_PICTURES: dict[type, Callable[[Console, Any], None]] = {
    results.EnableReport: _enable,
    results.SyncReport: _sync,
    results.StatusReport: _status,
    results.DisableReport: _disable,
    results.RestoreReport: _restore,
    results.SetupReport: _setup,
    results.PauseReport: _pause,
    results.PlanReport: _plan,
    results.CompareReport: _compare,
    results.Validation: _validation,
    BackupsReport: _backups,
    FullReport: show_full,  # a quick one too, so it comes first
    QuickReport: show_quick,
}
