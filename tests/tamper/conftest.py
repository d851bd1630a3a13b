"""Shows the matrix at the end of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tamper_matrix import MEASURED, as_text

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    if MEASURED:
        terminalreporter.section("tamper matrix")
        terminalreporter.write_line(as_text(MEASURED))
