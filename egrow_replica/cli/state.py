"""What the global options decided, for the length of one command."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel
from rich.console import Console

from egrow_replica.app.context import Context
from egrow_replica.cli import log
from egrow_replica.cli.language import tr
from egrow_replica.cli.progress import ConsoleListener
from egrow_replica.errors import UsageError
from egrow_replica.guard import read_name
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Listener

#: A pipe has no width; a table that is cut in a log helps nobody.
PIPE_WIDTH = 160


def console(*, stderr: bool = False, no_color: bool | None = None) -> Console:
    """A console as wide as the terminal, or as a log line where there is none."""
    made = Console(stderr=stderr, no_color=no_color)
    if not made.is_terminal:
        made.width = PIPE_WIDTH
    return made


@dataclass
class State:
    """Where output goes and what was asked.

    :ivar command: as it was typed; ``arguments``: all of the command line.
    :ivar out: human output, standard output; ``err``: progress and errors.
    :ivar answer: what was found before any command began.
    """

    command: str = ""
    arguments: tuple[str, ...] = ()

    config: Path | None = None
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    yes: bool = False
    log_file: Path | None = None
    answer: BaseModel | None = None
    out: Console = field(default_factory=console)
    err: Console = field(default_factory=lambda: console(stderr=True))

    @property
    def listener(self) -> Listener:
        """Who hears of progress."""
        return ConsoleListener(self.err, verbose=self.verbose, quiet=self.quiet)

    def context(self) -> Context:
        """The configuration, read; :raises ConfigurationError: it cannot be."""
        settings = load_settings(self.config, read_name=read_name)
        log.configured(settings)
        return Context(settings, self.listener)

    def confirm(self, question: str) -> None:
        """Ask before something is written.

        :raises UsageError: the answer is no, or nobody is there to ask.
        """
        if self.yes:
            return
        if not self._may_ask:
            raise UsageError("this command writes, and nobody can be asked", hint="Say --yes.", code="not-confirmed")
        if not self._ask(question):
            raise UsageError("not confirmed, nothing was done", code="not-confirmed")

    def agrees(self, question: str) -> bool:
        """Ask what ``--yes`` does not answer; no where nobody is there to ask."""
        return self._may_ask and self._ask(question)

    @property
    def _may_ask(self) -> bool:
        return self.out.is_terminal and not self.json

    def _ask(self, question: str) -> bool:
        answer = self.out.input(f"{question} {tr('[y/N]')} ", markup=False)
        return answer.strip().lower() in ("y", "yes", "s", "si", "sí")
