"""What a step is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from egrow_replica.content import TableDifference
from egrow_replica.db import Door, Query
from egrow_replica.model import QualifiedName, Server
from egrow_replica.results import Removed
from egrow_replica.window.run import Run


@dataclass(frozen=True)
class Foreseen:
    """What a plan knows beforehand: the rows that differ now, by table."""

    differences: dict[QualifiedName, TableDifference]


class Step(ABC):
    """An effect on a server, described so that one runner can execute, resume and undo it.

    :cvar name: stable, for the journal and for JSON.
    :cvar server: where it takes effect.
    :cvar description: what it does, for a plan.
    """

    name: ClassVar[str]
    server: ClassVar[Server]
    description: ClassVar[str]

    def observe(self, run: Run) -> bool:
        """Whether the effect is there already, as the server and the journal say."""
        return False

    @abstractmethod
    def do(self, run: Run) -> str:
        """Make it so; a sentence for the report, or ``""``."""

    def undo(self, run: Run) -> list[Removed]:
        """Take it back, whatever is left of it; what was removed. Nothing by default: the step changes nothing."""
        return []

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[tuple[Door, Query]]:
        """The statements that :meth:`do` would send to change something, each with its door. Nothing is sent."""
        yield from ()
