"""Answers as a person reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import BaseModel
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egrow_replica import results
from egrow_replica.app.backups import BackupsReport, BackupState, BackupSummary
from egrow_replica.cli.differences import difference_lines
from egrow_replica.cli.doctor_lines import show_doctor
from egrow_replica.cli.init_lines import show_init
from egrow_replica.cli.lab_lines import show_lab
from egrow_replica.cli.language import tr
from egrow_replica.cli.maintenance_lines import show_hold, show_maintenance
from egrow_replica.cli.plan_lines import show_plan
from egrow_replica.cli.streak_lines import show_full, show_quick
from egrow_replica.cli.units import size_text
from egrow_replica.lab.status import LabStatus
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
    line = tr("window {name}: {state}") if seconds is None else tr("window {name}: {state} after {seconds:.1f} s")
    state = f"[{colour}]{_state_word(window.state)}[/]"
    console.print(line.format(name=f"[bold]{window.name}[/]", state=state, seconds=seconds), highlight=False)


def _enable(console: Console, report: results.EnableReport | results.SyncReport) -> None:
    _window(console, report.window, report.total_seconds)
    if report.backup is not None:
        size = size_text(report.backup.bytes)
        line = tr("backup: {directory} ({size})").format(directory=report.backup.directory, size=size)
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    _reconciled(console, report.reconciled)
    _validation(console, report.validation)
    if report.outcome is not None:
        style = "yellow" if report.rolled_back else "red"
        console.print(escape(report.outcome.text(tr)), style=style, highlight=False, soft_wrap=True)
    _left_behind(console, report.left_behind or ())


def _reconciled(console: Console, reconciled: tuple[results.Reconciled, ...]) -> None:
    if not reconciled:
        return
    table = _table(tr("content"), tr("#inserted"), tr("#updated"))
    for one in reconciled:
        table.add_row(escape(str(one.table)), str(one.inserted), str(one.updated))
    console.print(table)


def _validation(console: Console, validation: results.Validation | None) -> None:
    if validation is None:
        return
    intact = [one for one in validation.tables if one.verdict is TableVerdict.INTACT]
    line = tr("{count} of {total} protected tables are as they were")
    console.print(line.format(count=len(intact), total=len(validation.tables)), highlight=False)
    table = _table(tr("protected table"), tr("verdict"), tr("#before"), tr("#after"), tr("why"))
    for one in validation.tables:
        if one.verdict is TableVerdict.INTACT:
            continue
        colour = _VERDICTS[one.verdict]
        table.add_row(
            escape(str(one.table)),
            f"[{colour}]{_verdict_word(one.verdict)}[/]",
            _number(one.rows_before),
            _number(one.rows_after),
            escape(one.reason),
        )
    for column in validation.production_columns:
        if column.verdict is not TableVerdict.INTACT:
            table.add_row(
                escape(f"{column.table} ({', '.join(column.columns)})"),
                f"[{_VERDICTS[column.verdict]}]{_verdict_word(column.verdict)}[/]",
                "",
                "",
                escape(column.reason),
            )
    if table.row_count:
        console.print(table)
    for name, rows in _rows_of(validation):
        if rows:
            console.print(escape(f"   {name}: {'; '.join(rows)}"), highlight=False, soft_wrap=True)
    new = [one for one in validation.orphans if one.count_after > one.count_before]
    line = tr("orphans: {count} foreign keys have new ones, of {total} looked at")
    console.print(line.format(count=len(new), total=len(validation.orphans)))
    _content(console, validation.content)
    moved = [f"{one.name} {one.before} → {one.after}" for one in validation.streaks if one.before != one.after]
    if validation.streaks:
        console.print(
            tr("streak report: {changes}").format(changes=", ".join(moved) or tr("as before")), highlight=False
        )
    for note in validation.notes:
        console.print(f"{tr('note:')} {escape(note)}", highlight=False, soft_wrap=True)
    for problem in validation.problems:
        console.print(f"[red]{tr('problem:')}[/] {escape(problem)}", highlight=False, soft_wrap=True)
    colour = _VERDICTS[validation.verdict]
    line = tr("verdict: {verdict} (evidence: {evidence})")
    verdict = f"[{colour}]{_verdict_word(validation.verdict)}[/]"
    console.print(line.format(verdict=verdict, evidence=validation.evidence))


#: Of each table's rows and pages that a finding is about, so many stand in a line; JSON has all of them.
_SHOWN = 5


def _rows_of(validation: results.Validation) -> Iterator[tuple[str, list[str]]]:
    """Which rows and pages the findings are about, by table."""
    for table in validation.tables:
        pages = [
            tr("pages {first} to {last}: {before} rows, now {after}").format(
                first=one.first, last=one.last, before=one.rows_before, after=one.rows_after
            )
            for one in table.differing
        ]
        yield str(table.table), [*_first(table.rows), *_first(pages)]
    for column in validation.production_columns:
        yield str(column.table), _first(column.rows)
    for content in validation.content.tables:
        yield str(content.table), [*_first(content.moved), *_first(content.rows)]


def _first(rows: Sequence[str]) -> list[str]:
    more = len(rows) - _SHOWN
    return [*rows[:_SHOWN], *([tr("and {count} more").format(count=more)] if more > 0 else [])]


def _content(console: Console, content: results.ContentReport) -> None:
    """Whether content is as on dev, or as a window left it, and what that says nothing about."""
    if content.left_by is not None:
        _content_left(console, content, content.left_by)
        return
    differing = sum(one.differing for one in content.tables)
    alone = sum(one.production_only for one in content.tables)
    if content.equal is None:
        line = tr("content: not compared with dev, or not all of it")
    elif content.equal:
        line = tr("content: as on dev, as far as it was compared") if content.left_out else tr("content: as on dev")
    elif differing:
        line = tr("content: {count} rows differ").format(count=differing)
    else:
        line = tr("content: not as on dev")
    console.print(line, style={True: None, None: "yellow", False: "red"}[content.equal], highlight=False)
    if alone:
        console.print(tr("{count} rows are only on production").format(count=alone), highlight=False)
    _not_compared(console, content)


def _content_left(console: Console, content: results.ContentReport, left_by: str) -> None:
    differing = [one for one in content.tables if not one.equal]
    if content.equal is None:
        line = tr("content: not held against what {whom} left, or not all of it")
    elif content.equal:
        line = tr("content: as {whom} left it")
    else:
        line = tr("content: {count} of {total} tables are not as {whom} left them")
    text = line.format(whom=left_by, count=len(differing), total=len(content.tables))
    console.print(text, style={True: None, None: "yellow", False: "red"}[content.equal], highlight=False)
    _not_compared(console, content)


def _not_compared(console: Console, content: results.ContentReport) -> None:
    for one in content.left_out:
        console.print(f"{tr('not compared:')} {escape(one)}", highlight=False, soft_wrap=True)


def _compare(console: Console, report: results.CompareReport) -> None:
    table = _table(
        *(tr("content"), tr("#new"), tr("#updated"), tr("#unchanged"), tr("#only on production"), tr("left out"))
    )
    for one in report.tables:
        figures = (one.new, one.updated, one.unchanged, one.production_only)
        table.add_row(escape(str(one.table)), *map(str, figures), escape(", ".join(one.left_out)))
    console.print(table)
    for one in report.tables:
        if one.respelled:
            line = tr("{table}: {count} keys look different on dev and are equal; production's stay as they are")
            console.print(escape(line.format(table=one.table, count=one.respelled)), highlight=False, soft_wrap=True)
        if one.keys is not None:
            for spelling in one.keys.respelled:
                console.print(
                    f"{one.table} respelled: {spelling.production} → {spelling.dev}", markup=False, highlight=False
                )
            for kind, keys in one.keys.model_dump(exclude={"respelled"}).items():
                for key in keys:
                    console.print(f"{one.table} {kind.replace('_', ' ')}: {key}", markup=False, highlight=False)
        for change in one.changes or ():
            console.print(escape(f"{one.table} {change.key}: {change.column}"), highlight=False, soft_wrap=True)
            for mark, text in difference_lines(change.production, change.dev):
                colour = "red" if mark == "-" else "green"
                console.print(f"  [{colour}]{mark} {escape(text)}[/]", highlight=False, soft_wrap=True)
    if report.unclassified:
        names = ", ".join(map(str, report.unclassified))
        console.print(
            tr("in no list, so protected: {names}").format(names=names), markup=False, highlight=False, soft_wrap=True
        )


def _status(console: Console, report: results.StatusReport) -> None:
    window = report.window
    if report.hold is not None:
        show_hold(console, report.hold)
    _left_behind(console, report.unknown)
    if window is None:
        if not report.unknown:
            console.print(tr("no window is open"))
        _warnings(console, report.warnings)
        return
    _window(console, results.WindowSummary(name=window.name, state=window.state))
    line = (
        tr("opened {when:%Y-%m-%d %H:%M} by {who}, because: {why}")
        if window.reason
        else tr("opened {when:%Y-%m-%d %H:%M} by {who}")
    )
    line = line.format(when=window.opened_at, who=window.opened_by, why=window.reason)
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    if (last := window.last_entry) is not None and last.by is not None:
        line = tr("last: {step}, {status}, {when:%Y-%m-%d %H:%M} by {who}")
        line = line.format(step=last.step, status=last.status, when=last.at, who=last.by)
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    seconds = tr("unknown") if report.lag_seconds is None else f"{report.lag_seconds:.1f} s"
    lag = tr("unknown") if report.lag_bytes is None else size_text(report.lag_bytes)
    console.print(tr("lag: {lag}, {seconds}").format(lag=lag, seconds=seconds), highlight=False)
    if report.slot is not None:
        held = size_text(report.slot.retained_bytes or 0)
        active = tr("active") if report.slot.active else tr("not active")
        line = tr("slot on dev: {name}, {active}, keeps {size} of WAL")
        console.print(line.format(name=report.slot.name, active=active, size=held), highlight=False)
    if report.production_slot is not None:
        held = size_text(report.production_slot.retained_bytes or 0)
        line = tr("slot on production, for the evidence: {name}, {status}, keeps {size} of WAL")
        status = report.production_slot.wal_status or tr("unknown")
        console.print(line.format(name=report.production_slot.name, status=status, size=held), highlight=False)
    if report.subscription is not None:
        enabled = tr("enabled") if report.subscription.enabled else tr("disabled")
        line = tr("subscription: {enabled}, {count} apply errors")
        console.print(line.format(enabled=enabled, count=report.subscription.apply_errors), highlight=False)
    for worker in report.workers:
        console.print(tr("worker {pid} runs as {role}").format(pid=worker.pid, role=worker.role), highlight=False)
    ready = sum(1 for table in report.tables if table.state == "ready")
    console.print(tr("tables: {count} of {total} ready").format(count=ready, total=len(report.tables)), highlight=False)
    _warnings(console, report.warnings)


def _warnings(console: Console, warnings: tuple[str, ...]) -> None:
    for warning in warnings:
        console.print(f"[yellow]{tr('warning:')}[/] {escape(warning)}", highlight=False, soft_wrap=True)


def _disable(console: Console, report: results.DisableReport) -> None:
    _window(console, report.window, report.total_seconds)
    _validation(console, report.validation)
    for one in report.removed:
        line = tr("removed on {server}: {kind} {name}")
        console.print(line.format(server=one.server, kind=one.kind, name=one.name), highlight=False)
    _left_behind(console, report.left_behind)
    _warnings(console, report.notes)


def _left_behind(console: Console, left: tuple[results.Removed, ...]) -> None:
    for one in left:
        line = tr("left on {server}: {kind} {name}").format(server=one.server, kind=one.kind, name=one.name)
        console.print(line, style="yellow", highlight=False)


def _restore(console: Console, report: results.RestoreReport) -> None:
    what = (
        tr("would put back the content of window {name} from {backup}")
        if report.dry_run
        else tr("put back the content of window {name} from {backup}")
    )
    console.print(what.format(name=report.window.name, backup=report.backup), highlight=False, soft_wrap=True)
    table = _table(tr("content"), tr("#reverted"), tr("#removed"), tr("#reinserted"), tr("#kept"), tr("#edited here"))
    for one in report.tables:
        kept = one.kept_referenced + one.kept_parts
        figures = (one.reverted, one.removed, one.reinserted, kept, one.locally_edited)
        table.add_row(escape(str(one.table)), *map(str, figures))
    console.print(table)
    for one in report.tables:
        if one.production_columns:
            line = tr("{table}: {count} of production's own values put back")
            console.print(line.format(table=escape(str(one.table)), count=one.production_columns), highlight=False)
        if one.production_columns_left:
            line = tr("{table}: overwritten by the window and changed by people since, left as they are: {rows}")
            rows = escape("; ".join(one.production_columns_left))
            console.print(line.format(table=escape(str(one.table)), rows=rows), highlight=False, soft_wrap=True)
    _validation(console, report.validation)


def _setup(console: Console, report: results.SetupReport) -> None:
    for title, server, statements, left in (
        ("PRODUCTION", "prod", report.prod, report.left_prod),
        ("DEVELOPMENT", "dev", report.dev, report.left_dev),
    ):
        console.print(f"-- {title}{', applied' if report.applied else ''}", markup=False, highlight=False)
        for check in report.checks:
            if check.server.value == server:
                for line in filter(None, (f"{check.severity.upper()}: {check.message}", check.remedy)):
                    console.print(f"-- {line}", markup=False, highlight=False, soft_wrap=True)
        for statement in statements:
            console.print(f"{statement};", markup=False, highlight=False, soft_wrap=True)
        for statement in left:
            console.print(f"-- left: {statement};", markup=False, highlight=False, soft_wrap=True)
    if not report.applied:
        console.print("-- Then give new login roles their passwords with \\password.", markup=False, highlight=False)


def _pause(console: Console, report: results.PauseReport) -> None:
    _window(console, report.window)


def _backups(console: Console, report: BackupsReport) -> None:
    if not report.backups:
        console.print(tr("no backups"))
        return
    table = _table(
        *(tr("window"), tr("made"), tr("#size"), tr("server"), tr("#tables"), tr("looked at"), tr("directory"))
    )
    for one in report.backups:
        table.add_row(
            one.window,
            f"{one.created_at:%Y-%m-%d %H:%M}",
            size_text(one.bytes),
            one.server_version,
            str(one.tables),
            _looked_at(one),
            escape(str(one.directory)),
        )
    console.print(table)
    for one in report.backups:
        for problem in one.problems:
            console.print(f"[red]{tr('problem:')}[/] {escape(problem)}", highlight=False, soft_wrap=True)


def _looked_at(backup: BackupSummary) -> str:
    """What was looked at, and whether that is as the manifest says."""
    if backup.state is BackupState.INCOMPLETE:
        return f"[red]{tr('never finished')}[/]"
    if backup.state is BackupState.FOREIGN:
        return f"[red]{tr('no backup')}[/]"
    what = tr("sizes") if backup.looked_at == "sizes" else tr("checksums")
    return tr("{what}: right").format(what=what) if backup.verified else f"[red]{tr('damaged')}[/]"


def _version(console: Console, report: results.VersionReport) -> None:
    console.print(f"egrow-replica {report.version}", highlight=False)


def _demo(console: Console, report: results.DemoReport) -> None:
    """The last line of a story that was told while it happened."""
    kept = sum(promise.kept for promise in report.promises)
    style = "bold green" if kept == len(report.promises) else "bold red"
    line = f"{kept} of {len(report.promises)} promises were kept, in {report.total_seconds:.0f} s."
    console.print(f"\n[{style}]{line}[/]", highlight=False)


def _verdict_word(verdict: TableVerdict) -> str:
    return {
        TableVerdict.INTACT: tr("intact"),
        TableVerdict.CHANGED_BY_APPLICATION: tr("changed_by_application"),
        TableVerdict.UNPROVEN: tr("unproven"),
        TableVerdict.TOUCHED: tr("touched"),
    }[verdict]


def _state_word(state: WindowState) -> str:
    return {
        WindowState.OPENING: tr("opening"),
        WindowState.STREAMING: tr("streaming"),
        WindowState.PAUSED: tr("paused"),
        WindowState.FAILED: tr("failed"),
        WindowState.ROLLING_BACK: tr("rolling_back"),
        WindowState.ROLLED_BACK: tr("rolled_back"),
        WindowState.CLOSING: tr("closing"),
        WindowState.CLOSED: tr("closed"),
    }[state]


def _number(value: int | None) -> str:
    return "–" if value is None else str(value)


_PICTURES: dict[type, Callable[[Console, Any], None]] = {
    results.EnableReport: _enable,
    results.SyncReport: _enable,
    results.StatusReport: _status,
    results.DisableReport: _disable,
    results.RestoreReport: _restore,
    results.SetupReport: _setup,
    results.PauseReport: _pause,
    results.MaintenanceReport: show_maintenance,
    results.PlanReport: show_plan,
    results.CompareReport: _compare,
    results.DoctorReport: show_doctor,
    results.InitReport: show_init,
    results.Validation: _validation,
    results.VersionReport: _version,
    results.DemoReport: _demo,
    BackupsReport: _backups,
    FullReport: show_full,  # a quick one too, so it comes first
    QuickReport: show_quick,
    LabStatus: show_lab,
}
