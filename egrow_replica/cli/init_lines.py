"""What ``init`` proposes, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from egrow_replica.cli.language import tr
from egrow_replica.results import InitReport, Reason, TableClass

_COLOURS = {TableClass.CONTENT: "green", TableClass.USER: "blue", TableClass.UNCLASSIFIED: "yellow"}


def show_init(console: Console, report: InitReport) -> None:
    """Where the connections come from, every table and every column with its reasons, and what became of the file."""
    for source in report.connections:
        console.print(f"{source.server}: {source.found}", markup=False, highlight=False, soft_wrap=True)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for header in (tr("table"), tr("proposal"), tr("why")):
        table.add_column(header, overflow="fold")
    for proposal in TableClass:
        for one in report.of_class(proposal):
            word = f"[{_COLOURS[proposal]}]{_word(proposal)}[/]"
            table.add_row(escape(str(one.table)), word, escape(_joined(one.reasons)))
    console.print(table)
    for column in report.production_columns:
        mark = tr("production's column") if column.proposed else tr("perhaps production's column, not proposed")
        reasons = _joined(column.reasons)
        line = f"{column.table} {column.column}: {mark}: {reasons}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for note in report.notes:
        console.print(f"{tr('note:')} {escape(note.text(tr))}", highlight=False, soft_wrap=True)
    _show_file(console, report)


def _show_file(console: Console, report: InitReport) -> None:
    if not report.written:
        return
    line = tr("written: {file}").format(file=report.file)
    console.print(line, markup=False, highlight=False, soft_wrap=True)
    if report.replaced is not None:
        line = tr("the former configuration is {file} now").format(file=report.replaced)
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(tr("Next: read it, then `egrow-replica setup` and `egrow-replica doctor`."), highlight=False)


def _joined(reasons: Iterable[Reason]) -> str:
    return "; ".join(reason.text(tr) for reason in reasons)


def _word(proposal: TableClass) -> str:
    words = {
        TableClass.CONTENT: tr("content"),
        TableClass.USER: tr("user"),
        TableClass.UNCLASSIFIED: tr("unclassified"),
    }
    return words[proposal]
