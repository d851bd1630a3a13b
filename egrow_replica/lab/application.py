"""The academy's application, as far as a release has to live with it: people who register, learn and earn streaks.

It writes to production's user tables the whole time, as an ordinary role, and keeps a :class:`Ledger` of every write
that the server acknowledged. At the end (or in between) it is asked whether all of that is still there.
"""

from __future__ import annotations

import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from egrow_replica.errors import ServerUnavailable, ValidationFailed
from egrow_replica.lab.binaries import find_bin_dir
from egrow_replica.lab.ledger import Ledger, differences
from egrow_replica.lab.people import People, Write, literal
from egrow_replica.lab.processes import wait_until
from egrow_replica.lab.psql import psql, psql_command, psql_environment

_END_SECONDS: Final = 10.0
_RETRY_SECONDS: Final = 0.2


class _Session:
    """One psql, fed through its standard input; it ends when we do, because the pipe ends then."""

    def __init__(self, dsn: str, bin_dir: Path) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - psql, no shell
            [*psql_command(bin_dir, {"ON_ERROR_STOP": "0"}), "-f", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=psql_environment(dsn) | {"PGAPPNAME": "academy"},
            encoding="utf-8",
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, name="academy-answers", daemon=True)
        self._reader.start()

    def run(self, sql: str, stop: threading.Event) -> str | None:
        """Run one statement and wait as long as it takes.

        :returns: its SQLSTATE, ``00000`` if it was committed; ``None`` where the outcome is unknown.
        """
        assert self._process.stdin is not None
        try:
            # A query's output is flushed, \echo's is not: so the answer is a query.
            self._process.stdin.write(f"{sql};\n\\set state :SQLSTATE\nSELECT 'answer', :'state';\n")
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError):
            return None
        while not stop.is_set():
            try:
                answer = self._answers.get(timeout=0.1)
            except queue.Empty:
                continue
            if not answer:
                return None
            if answer.startswith("answer|"):
                return answer.partition("|")[2].strip()
        return None

    def close(self) -> None:
        """Let psql finish what it does, or end it where that takes too long."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")


class Application:
    """A writer in the background; a context manager that stops it."""

    def __init__(self, dsn: str, people: People, *, bin_dir: Path, rate_per_second: float) -> None:
        self.ledger = Ledger()
        self.longest_wait = 0.0
        self._dsn = dsn
        self._bin_dir = bin_dir
        self._people = people
        self._pause = 1.0 / rate_per_second
        self._stop = threading.Event()
        self._session: _Session | None = None
        self._thread = threading.Thread(target=self._work, name="academy", daemon=True)

    @classmethod
    def start(
        cls,
        dsn: str,
        *,
        rate_per_second: float = 20.0,
        seed: int = 1,
        logout: bool = False,
        bin_dir: Path | None = None,
    ) -> Application:
        """Begin to write.

        :param dsn: production, as the application's role.
        :param logout: people also leave: DELETE of their sessions.
        """
        found = find_bin_dir(bin_dir)
        people = People.meet(lambda sql: psql(dsn, sql, bin_dir=found), seed=seed, logout=logout)
        application = cls(dsn, people, bin_dir=found, rate_per_second=rate_per_second)
        application._thread.start()
        return application

    @property
    def writes(self) -> int:
        """How many writes production has acknowledged."""
        return self.ledger.acknowledged

    @property
    def failures(self) -> int:
        """How many writes production has refused."""
        return self.ledger.failed

    def wait_for_writes(self, count: int, seconds: float = 30.0) -> None:
        """Wait until so many more writes have been acknowledged.

        :raises ServerUnavailable: where they have not before the deadline.
        """
        goal = self.writes + count
        if not wait_until(lambda: self.writes >= goal, seconds):
            raise ServerUnavailable(
                f"the application wrote {self.writes - goal + count} of {count} rows in {seconds:g} s"
            )

    def verify(self, *, dsn: str | None = None) -> list[str]:
        """Compare every acknowledged write with the database: a sentence for each that is not there as it was written.

        :param dsn: another login or database to look at, for example a restored copy.
        """
        found: list[str] = []
        with self.ledger.settled(patience=5.0) as expected:
            for table, rows in expected.items():
                keys = ", ".join(literal(key) for key in rows)
                sql = f'SELECT id, pg_catalog.to_jsonb(t) FROM public."{table}" AS t WHERE id IN ({keys});'  # noqa: S608
                lines = psql(dsn or self._dsn, sql, bin_dir=self._bin_dir).splitlines()
                present = dict(line.split("|", 1) for line in lines)
                found.extend(differences(table, rows, present))
        return found

    def check(self, *, dsn: str | None = None) -> None:
        """See that every acknowledged write is there.

        :raises ValidationFailed: naming the first ones that are not.
        """
        found = self.verify(dsn=dsn)
        if found:
            shown = "\n    ".join(found[:5])
            raise ValidationFailed(
                f"{len(found)} of the application's writes are not as they were written:\n    {shown}"
            )

    def stop(self) -> None:
        """Stop writing; the ledger stays for :meth:`verify`."""
        self._stop.set()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _work(self) -> None:
        while not self._stop.is_set():
            with self._connected() as session:
                # A session that never was cannot leave a write in doubt, so it is tried with something harmless first.
                while session.run("SELECT", self._stop) and self._write(session, self._people.next_write()):
                    self._stop.wait(self._pause)
            # The server went away: it may come back.
            self._stop.wait(_RETRY_SECONDS)

    @contextmanager
    def _connected(self) -> Iterator[_Session]:
        session = _Session(self._dsn, self._bin_dir)
        try:
            yield session
        finally:
            session.close()

    def _write(self, session: _Session, write: Write) -> bool:
        """One write; say whether the session can be used for another."""
        begun = time.monotonic()
        with self.ledger.writing(write.rows):
            state = session.run(write.sql, self._stop)
            self.longest_wait = max(self.longest_wait, time.monotonic() - begun)
            if state is None:
                return False
            if state == "00000":
                self.ledger.acknowledge()
                self._people.remember(write)
            else:
                self.ledger.reject()
        return True
