"""How a long command says what it is doing; the core never prints."""

from __future__ import annotations

from typing import Protocol

from egrow_replica.results import StepReport


class Listener(Protocol):
    """Hears what happens."""

    def step_started(self, name: str) -> None:
        """A step begins."""

    def step_ended(self, report: StepReport) -> None:
        """A step is over."""

    def say(self, text: str) -> None:
        """Something worth a line."""

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """So much of the users' data has been read."""

    def advance_wal(self, done_bytes: int, total_bytes: int) -> None:
        """So much of production's WAL has been read."""


class Silence:
    """Hears, and says nothing."""

    def step_started(self, name: str) -> None:
        """Nothing."""

    def step_ended(self, report: StepReport) -> None:
        """Nothing."""

    def say(self, text: str) -> None:
        """Nothing."""

    def advance(self, done_bytes: int, total_bytes: int) -> None:
        """Nothing."""

    def advance_wal(self, done_bytes: int, total_bytes: int) -> None:
        """Nothing."""
