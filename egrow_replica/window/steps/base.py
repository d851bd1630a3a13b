"""What a step is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from egrow_replica.catalog import Relation, Scope, protected
from egrow_replica.content import TableDifference
from egrow_replica.db import CreateReplicationSlot, Door, Query, query
from egrow_replica.model import QualifiedName, Server
from egrow_replica.results import PlannedLock, Purpose, Removed
from egrow_replica.window.run import Run


@dataclass(frozen=True)
class Foreseen:
    """What a plan knows beforehand.

    :ivar differences: the rows that differ now, by table.
    :ivar moved: size in bytes of those that would be fetched from dev.
    :ivar relations: production's relations by name, with their sizes.
    """

    differences: dict[QualifiedName, TableDifference]
    moved: int
    relations: dict[QualifiedName, Relation]

    def content_bytes(self, scope: Scope) -> int:
        """Size of the content tables on production."""
        return size_of(self.relations, scope.names)

    def protected(self, scope: Scope) -> list[Relation]:
        """Production's tables that are not content."""
        return protected(self.relations.values(), scope.names)


def size_of(relations: dict[QualifiedName, Relation], names: Iterable[QualifiedName]) -> int:
    """Bytes of tables with their TOAST, partitions counted with their root."""
    wanted = set(names)
    return sum(one.bytes for one in relations.values() if one.name in wanted or one.partition_root in wanted)


@dataclass(frozen=True)
class Work:
    """What a step has to get through, for an estimate.

    :ivar read: bytes read on production; ``read_on_dev`` likewise; ``moved``: from one place to another.
    :ivar inserted: rows of content that it adds, ``updated``: changes; ``None`` where it writes no content.
    :ivar waits: for others, so that nobody can know how long.
    """

    read: int = 0
    read_on_dev: int = 0
    moved: int = 0
    inserted: int | None = None
    updated: int | None = None
    waits: bool = False


#: Lock levels as PostgreSQL names them (postgresql.org/docs/18/explicit-locking.html#LOCKING-TABLES).
ACCESS_SHARE = "ACCESS SHARE"
ROW_SHARE = "ROW SHARE"
ROW_EXCLUSIVE = "ROW EXCLUSIVE"
SHARE_UPDATE_EXCLUSIVE = "SHARE UPDATE EXCLUSIVE"


@dataclass(frozen=True)
class Planned:
    """A statement that a step would send to change something.

    :ivar door: whose policy it is judged by.
    :ivar when: the condition under which it is sent, ``""``: always.
    """

    door: Door
    statement: Query | CreateReplicationSlot
    purpose: Purpose = Purpose.EFFECT
    when: str = ""


def noted(run: Run, entry: str) -> Planned:
    """An entry in the journal: ``journal/<entry>``."""
    return Planned(run.writer, query(f"journal/{entry}"), Purpose.JOURNAL)


def lock(server: Server, mode: str, tables: Iterable[QualifiedName]) -> PlannedLock:
    """A lock level on tables of one server."""
    return PlannedLock(server=server, mode=mode, tables=tuple(tables))


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

    def plan(self, run: Run, foreseen: Foreseen) -> Iterator[Planned]:
        """The statements that :meth:`do` would send to change something, in its order. Nothing is sent.

        What only reads, bounds a transaction or sets something for one (``SET LOCAL``) is left out.
        """
        yield from ()

    def locks(self, run: Run, foreseen: Foreseen) -> Iterator[PlannedLock]:
        """The lock levels that :meth:`do` would take on tables of both servers, partitions like their root."""
        yield from ()

    def work(self, run: Run, foreseen: Foreseen) -> Work:
        """What :meth:`do` has to get through beside its statements."""
        return Work()
