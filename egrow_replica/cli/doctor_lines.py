"""What ``doctor`` found, as a person reads it."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from egrow_replica.model import Check, Severity
from egrow_replica.results import DoctorReport

_MARKS = {
    Severity.OK: "[green]ok     [/]",
    Severity.INFO: "[blue]info   [/]",
    Severity.WARNING: "[yellow]warning[/]",
    Severity.ERROR: "[red]error  [/]",
}


def show_doctor(console: Console, report: DoctorReport) -> None:
    """Every check in a line, its remedy below; the worst come last, where a terminal ends."""
    for severity in Severity:
        for check in report.checks:
            if check.severity is severity:
                _show(console, check)
    counts = {severity: sum(1 for one in report.checks if one.severity is severity) for severity in Severity}
    parts = ", ".join(f"{count} {severity}" for severity, count in reversed(counts.items()) if count)
    console.print(f"{len(report.checks)} checks: {parts}", highlight=False)


def _show(console: Console, check: Check) -> None:
    what = f"{check.server} {check.subject}: {check.message}"
    console.print(f"{_MARKS[check.severity]} {escape(f'{check.id}: {what}')}", highlight=False, soft_wrap=True)
    if check.remedy and check.severity is not Severity.OK:
        console.print(f"          [bold]→[/] {escape(check.remedy)}", highlight=False, soft_wrap=True)
