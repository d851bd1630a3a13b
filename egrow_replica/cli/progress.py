"""Progress on standard error, a line a step, so that a log keeps it."""

from __future__ import annotations

import logging

from rich.console import Console
from rich.control import Control
from rich.markup import escape
from rich.segment import ControlType

from egrow_replica.cli.language import tr
from egrow_replica.cli.units import size_text
from egrow_replica.model import StepStatus
from egrow_replica.results import StepReport

_MARKS = {
    StepStatus.DONE: "[green]✔[/]",
    StepStatus.UNCHANGED: "[dim]=[/]",
    StepStatus.FAILED: "[red]✘[/]",
    StepStatus.UNDONE: "[yellow]↶[/]",
    StepStatus.UNDO_FAILED: "[red]![/]",
}
#: Whatever a terminal's present line shows is gone.
_FRESH_LINE = Control(ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, 2))
_LOG = logging.getLogger("egrow_replica")


class ConsoleListener:
    """Writes what happens to a console, unless it shall be quiet, and to the log in any case."""

    def __init__(self, console: Console, *, verbose: bool, quiet: bool = False) -> None:
        self._console = console
        self._verbose = verbose
        self._quiet = quiet

    def step_started(self, name: str) -> None:
        """Only in the log: the console gets its line at the end."""
        _LOG.info("step %s begins", name)

    def step_ended(self, report: StepReport) -> None:
        """A line with mark, name, duration and detail."""
        _LOG.info("step %s %s after %.3f s: %s", report.name, report.status, report.seconds, report.detail)
        detail = f"  [dim]{escape(report.detail)}[/]" if report.detail else ""
        line = f"{_MARKS[report.status]} {report.name:<13} {report.seconds:7.2f} s{detail}"
        if not self._quiet:
            self._console.print(line, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line of its own."""
        _LOG.info("%s", text)
        if self._quiet:
            return
        if self._verbose or text.startswith(("warning", "rolling back", "window ", "waiting on ")):
            self._console.print(f"  [dim]{escape(text)}[/]", highlight=False, soft_wrap=True)

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """Bytes of users' data that were read: a line that a terminal shows while it lasts."""
        _LOG.debug("read %d of %d bytes", done_bytes, total_bytes)
        self._show(tr("{done} of {total} of users' data read"), done_bytes, total_bytes)

    def advance_wal(self, done_bytes: int, total_bytes: int) -> None:
        """Bytes of production's WAL, likewise."""
        _LOG.debug("read %d of %d bytes of WAL", done_bytes, total_bytes)
        self._show(tr("{done} of {total} of production's WAL read"), done_bytes, total_bytes)

    def _show(self, text: str, done_bytes: int, total_bytes: int) -> None:
        if self._quiet or not self._console.is_terminal:
            return
        self._console.control(_FRESH_LINE)
        if done_bytes < total_bytes:
            line = text.format(done=size_text(done_bytes), total=size_text(total_bytes))
            self._console.print(f"  [dim]{escape(line)}[/]", end="\r", highlight=False)
