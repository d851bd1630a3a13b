"""A plan as a DBA reads it, from top to bottom."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egrow_replica import results
from egrow_replica.cli.language import tr, tr_n
from egrow_replica.cli.units import size_text
from egrow_replica.guard.pretty import pretty

#: Tables that a line names; JSON has them all.
NAMED = 6


def show_plan(console: Console, report: results.PlanReport) -> None:
    """Steps with their statements, the rows, the sums, and what the estimates rest on."""
    console.print(tr("window {name} would be opened so:").format(name=f"[bold]{report.window}[/]"), highlight=False)
    for number, step in enumerate(report.steps, 1):
        _show_step(console, number, step)
    console.print()
    console.print(_rows(report))
    _show_totals(console, report)
    if report.saved is not None:
        _line(console, tr("saved as {file}; `enable --plan` opens this window").format(file=report.saved))
    console.print(tr("nothing was done"))


def _show_step(console: Console, number: int, step: results.PlannedStep) -> None:
    refused = tr("refused: {reason}").format(reason=escape(step.reason or ""))
    mark = f"[green]{tr('allowed')}[/]" if step.guard == "allowed" else f"[red]{refused}[/]"
    line = tr("{number:2} {step} on {server}: {description} ({mark})")
    line = line.format(
        number=number, step=step.name, server=step.server, description=escape(step.description), mark=mark
    )
    console.print()
    console.print(line, highlight=False, soft_wrap=True)
    for lock in step.locks:
        _line(
            console,
            "   "
            + tr("lock on {server}: {mode} on {tables}").format(
                server=lock.server, mode=lock.mode, tables=_names(lock)
            ),
        )
    if figures := _figures(step):
        _line(console, "   " + figures)
    for statement in step.statements:
        if statement.purpose is results.Purpose.EFFECT:
            _show_statement(console, step, statement)
    if not step.statements and step.guard == "allowed":
        console.print(f"   [dim]{tr('already so: nothing to do')}[/]", highlight=False)
    journal = sum(one.purpose is results.Purpose.JOURNAL for one in step.statements)
    if journal:
        line = tr_n("{count} statement for the journal", "{count} statements for the journal", journal)
        console.print(f"   [dim]{line}[/]", highlight=False)


def _show_statement(console: Console, step: results.PlannedStep, statement: results.PlannedStatement) -> None:
    notes = []
    if statement.server is not step.server:
        notes.append(tr("on {server}").format(server=statement.server))
    if statement.when:
        notes.append(tr("only if {condition}").format(condition=statement.when))
    if notes:
        _line(console, f"   -- {', '.join(notes)}")
    for line in f"{pretty(statement.sql)};".splitlines():
        _line(console, f"   {line}")


def _names(lock: results.PlannedLock) -> str:
    named = ", ".join(map(str, lock.tables[:NAMED]))
    more = len(lock.tables) - NAMED
    return named if more <= 0 else tr("{names} and {count} more").format(names=named, count=more)


def _figures(step: results.PlannedStep) -> str:
    parts = []
    if step.inserted is not None and step.updated is not None:
        parts.append(tr("rows: {new} to insert, {updated} to update").format(new=step.inserted, updated=step.updated))
    if step.bytes_read is not None:
        parts.append(tr("reads about {size}").format(size=size_text(step.bytes_read)))
    if step.bytes_moved is not None:
        parts.append(tr("moves about {size}").format(size=size_text(step.bytes_moved)))
    if step.seconds is None and step.statements:
        parts.append(tr("waits for others: no estimate"))
    elif step.seconds is not None and (step.seconds_high or step.seconds) >= 0.1:
        parts.append(_seconds(step.seconds, step.seconds_low, step.seconds_high))
    return "; ".join(parts)


def _seconds(likely: float, low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return tr("about {seconds:.1f} s").format(seconds=likely)
    return tr("about {seconds:.1f} s ({low:.1f} to {high:.1f} s)").format(seconds=likely, low=low, high=high)


def _rows(report: results.PlanReport) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(tr("content"), overflow="fold")
    for header in (tr("#new"), tr("#updated"), tr("#only on production"), tr("#size")):
        table.add_column(header.removeprefix("#"), justify="right")
    for one in report.tables:
        figures = (one.new, one.updated, one.production_only)
        table.add_row(escape(str(one.table)), *map(str, figures), size_text(one.bytes))
    return table


def _show_totals(console: Console, report: results.PlanReport) -> None:
    totals = report.totals
    line = tr(
        "in all: {new} rows to insert, {updated} to update; about {read} to read on production, {moved} to move; "
        "{seconds}"
    )
    line = line.format(
        new=totals.inserted,
        updated=totals.updated,
        read=size_text(totals.bytes_read),
        moved=size_text(totals.bytes_moved),
        seconds=_seconds(totals.seconds, totals.seconds_low, totals.seconds_high),
    )
    _line(console, line)
    if report.former_windows:
        names = ", ".join(report.former_windows)
        _line(console, tr("estimated from what these windows took: {names}").format(names=names))
    if report.throughput is not None:
        rate = size_text(report.throughput.bytes_per_second)
        line = (
            tr("estimated from {rate}/s, measured while comparing")
            if report.throughput.measured
            else tr("estimated from {rate}/s, assumed: the content is too small to measure by")
        )
        _line(console, line.format(rate=rate))


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
