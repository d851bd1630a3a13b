"""Whom a statement of ours waits for: seen while it waits, because afterwards nobody can tell.

A lock that is not given in time ends the statement, and with it every trace of who had it. So as long as statements
take long, a connection of its own asks who blocks them, says so, and remembers it for the error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from egrow_replica.db.queries import query
from egrow_replica.errors import EgrowError
from egrow_replica.model import Model, Server, TableName
from egrow_replica.results import Blocker

if TYPE_CHECKING:
    from egrow_replica.db.door import Door

#: How often is looked; a statement that ends within the first second is never looked at.
LOOK_SECONDS = 0.25
FIRST_LOOK_SECONDS = 0.75
#: A statement that is not waiting but at work is looked at less and less often.
RAREST_LOOK_SECONDS = 2.0
#: From when on somebody is told.
TOLD_SECONDS = 1.5
#: Whoever blocks may be blocked: so many links of the chain are named.
DEPTH = 3


class Blocked(Model):
    """A row of ``waits/blocked``: a session that waits, and one that it waits for."""

    waiter: int
    table: TableName | None
    target: str
    mode: str
    waited: float
    pid: int
    role: str
    application: str
    database: str
    kind: str
    state: str
    since: datetime | None
    seconds: float | None
    query: str
    gid: str | None

    @property
    def blocker(self) -> Blocker:
        """For people and for JSON."""
        return Blocker(
            pid=self.pid,
            role=self.role,
            application=self.application or self.kind,
            database=self.database,
            state=self.state,
            since=self.since,
            seconds=self.seconds,
            query=shown_query(self.query),
            prepared=self.gid,
            table=self.table,
            target=self.target,
            mode=self.mode,
            waited_seconds=self.waited,
        )


def shown_query(text: str) -> str:
    """A session's statement as far as no value can stand in it: up to the first quote or dollar sign.

    >>> shown_query("ALTER ROLE app  PASSWORD 'secret' VALID UNTIL 'x'")
    'ALTER ROLE app PASSWORD …'
    >>> shown_query("LOCK TABLE users")
    'LOCK TABLE users'
    """
    known = text
    for sign in ("'", "$"):
        known = known.partition(sign)[0]
    cut = known != text
    known = " ".join(known.split())
    if len(known) > _SHOWN_QUERY:
        known, cut = known[:_SHOWN_QUERY], True
    return f"{known.rstrip()} …" if cut and known else known


_SHOWN_QUERY = 100


def read_blocked(door: Door, pids: Iterable[int], applications: Iterable[str] = ()) -> list[Blocked]:
    """Those of the sessions that wait for a lock, with those that they wait for; raises as :meth:`Door.execute`."""
    return door.rows(Blocked, query("waits/blocked"), [list(pids), list(applications)])


def read_blockers(door: Door, pids: Iterable[int], applications: Iterable[str] = ()) -> tuple[Blocker, ...]:
    """Whom the sessions wait for, and whom those wait for in turn; raises as :meth:`Door.execute`."""
    found: dict[int, Blocker] = {}
    asked = read_blocked(door, pids, applications)
    for _ in range(DEPTH):
        new = [one for one in asked if one.pid not in found]
        found |= {one.pid: one.blocker for one in new}
        if not any(one.pid for one in new):
            break
        asked = read_blocked(door, [one.pid for one in new if one.pid])
    return tuple(found.values())


def describe(blockers: Iterable[Blocker]) -> str:
    """Whom somebody waits for, in words; ``""`` for nobody."""
    return ", who waits for ".join(_one(blocker) for blocker in blockers)


def _one(blocker: Blocker) -> str:
    over = f" over {blocker.table}" if blocker.table else ""
    return f"{named(blocker.pid, blocker.prepared, blocker.application, blocker.role)}{over}" + doing(
        blocker.since, blocker.seconds, blocker.state, blocker.query
    )


def ending(blocker: Blocker) -> str:
    """What a person can do about somebody who is waited for."""
    if blocker.pid:
        return f"Let it end, or on that server: SELECT pg_terminate_backend({blocker.pid}); then try again."
    what = f"ROLLBACK PREPARED or COMMIT PREPARED {blocker.prepared!r}" if blocker.prepared else "End it"
    return f"{what} in database {blocker.database}, then try again." if blocker.database else f"{what}, then try again."


def named(pid: int, prepared: str | None, application: str, role: str) -> str:
    """Who somebody is: a session, or where there is none a prepared transaction."""
    who = f"pid {pid}" if pid else f"the prepared transaction {prepared or 'of somebody'}"
    login = " as ".join(filter(None, [application, role]))
    return f"{who} ({login})" if login else who


def doing(since: datetime | None, seconds: float | None, state: str, statement: str) -> str:
    """Since when a transaction is open, and what it does, as far as that may be seen."""
    begun = f", whose transaction is open since {since:%Y-%m-%d %H:%M:%S%z} ({seconds or 0:.0f} s)" if since else ""
    at = ": ".join(filter(None, [state, statement]))
    return f"{begun} [{at}]" if at else begun


@dataclass
class Watched:
    """A connection whose statements are looked at.

    :ivar name: an ``application_name`` where the connections are not ours but a program's, which has many.
    :ivar since: when the statement was sent that is at work, as the monotonic clock has it; ``None``: none is.
    :ivar blockers: whom it waits for now, as far as was seen; ``latest``: whom it waited for the last time that it did.
    """

    server: Server
    open: Callable[[], Door]
    pid: int
    name: str | None = None
    since: float | None = None
    blockers: tuple[Blocker, ...] = ()
    latest: tuple[Blocker, ...] = ()
    told: frozenset[int] = frozenset()
    looked: float = 0.0
    misses: int = 0

    @contextmanager
    def sending(self) -> Iterator[None]:
        """A statement is at work as long as the block runs; what was seen of an earlier one is forgotten."""
        self.blockers = self.latest = ()
        self.told = frozenset()
        self.looked = 0.0
        self.misses = 0
        self.since = time.monotonic()
        try:
            yield
        finally:
            self.since = None

    @property
    def waited(self) -> float:
        """For how long it was seen to wait."""
        return max((blocker.waited_seconds for blocker in self.blockers), default=0.0)

    @property
    def whom(self) -> str:
        """In words, ``""`` where it was not seen to wait."""
        return describe(self.blockers)

    def saw(self, blockers: tuple[Blocker, ...]) -> None:
        """Note whom it waits for now. Once nobody may mean that it has just given up, and has not heard of it yet."""
        self.misses = 0 if blockers else self.misses + 1
        self.latest = blockers or self.latest
        if blockers or self.misses > 1:
            self.blockers = blockers

    def is_due(self, now: float) -> bool:
        """Whether it is worth a look now: often while it waits, rarely while it works."""
        since = self.since
        if since is None or now - since < FIRST_LOOK_SECONDS:
            return False
        pause = LOOK_SECONDS if self.blockers else min(RAREST_LOOK_SECONDS, (now - since) / 4)
        return now - self.looked >= pause


class Waits:
    """Looks at the connections of one command, in a thread that lives as long as any of them is open.

    :ivar say: told whom a statement waits for, a line for each.
    """

    def __init__(self, say: Callable[[str], None] = lambda text: None) -> None:
        self.say = say
        self._watched: list[Watched] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._left = threading.Event()

    def watch(self, watched: Watched) -> Watched:
        """Look at it from now on."""
        with self._lock:
            self._watched.append(watched)
            if self._thread is None:
                self._left.clear()
                self._thread = threading.Thread(target=self._run, name="waits", daemon=True)
                self._thread.start()
        return watched

    def leave(self, watched: Watched) -> None:
        """Look at it no more."""
        with self._lock:
            if watched in self._watched:
                self._watched.remove(watched)
            if not self._watched:
                self._left.set()

    def _run(self) -> None:
        looking: dict[Server, Door] = {}
        try:
            while True:
                self._left.wait(LOOK_SECONDS)
                with self._lock:
                    if not self._watched:
                        self._thread = None
                        return
                    now = time.monotonic()
                    at_work = [one for one in self._watched if one.since is not None]
                due = [one for one in at_work if one.is_due(now)]
                for server in Server:
                    self._look(looking, server, [one for one in due if one.server is server])
                if not [one for one in at_work if one.since is not None and now - one.since >= FIRST_LOOK_SECONDS]:
                    _close(looking)
        finally:
            _close(looking)

    def _look(self, looking: dict[Server, Door], server: Server, due: list[Watched]) -> None:
        if not due:
            return
        for one in due:
            one.looked = time.monotonic()
        try:
            if server not in looking:
                looking[server] = due[0].open()
            door = looking[server]
            for one in due:
                began = one.since
                found = read_blockers(door, *([[one.pid], []] if one.name is None else [[], [one.name]]))
                # A statement that ended meanwhile was not the one that was asked about.
                if one.since == began and began is not None:
                    one.saw(found)
                    self._tell(one)
        except EgrowError:  # whom we wait for is good to know, and no reason to stop
            gone = looking.pop(server, None)
            if gone is not None:
                gone.close()

    def _tell(self, one: Watched) -> None:
        pids = frozenset(blocker.pid for blocker in one.blockers)
        if one.waited >= TOLD_SECONDS and not pids <= one.told:
            one.told |= pids
            self.say(f"waiting on {one.server} for {one.whom}")


def _close(looking: dict[Server, Door]) -> None:
    for door in looking.values():
        door.close()
    looking.clear()
