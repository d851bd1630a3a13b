"""One production among several that one dev feeds: windows in random order, each ending as if it were alone."""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from support.command import Result
from support.pair import Pair
from support.waiting import wait_until

from egrow_replica.model import Server

COURSE = """INSERT INTO courses (id, title, slug, "updatedAt", category) VALUES (%s, '', %s, now(), 'LIDERAZGO')"""
#: Begun and killed there; the journal's entries, in the order of the steps.
KILLED_AT = ("publication", "keep-wal", "backup", "slot", "reconcile", "subscription", "validate")
GOOD = ("intact", "changed_by_application")


class Production:
    """What one DBA does, again and again, until the time is over.

    :ivar done: what was done, for the message where something fails.
    """

    def __init__(self, pair: Pair, seed: int, lane: int) -> None:
        self.pair = pair
        self.done: list[str] = []
        self._chance = random.Random(f"{seed}/{lane}")
        self._lane = lane
        self._numbers = itertools.count()

    def run(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        actions = (self._stream, self._stream, self._pause, self._fail, self._die, self._sync)
        with self.pair.application(rate_per_second=10.0):
            while time.monotonic() < deadline:
                # Every production gives its windows the same names.
                self._name = f"release-{next(self._numbers)}"
                self._chance.choice(actions)()

    def _cli(self, *arguments: str) -> Result:
        self.done.append(f"{' '.join(arguments)} ({self._name})")
        return self.pair.cli(*arguments, seconds=180)

    def _ok(self, *arguments: str) -> dict[str, Any]:
        result = self._cli(*arguments)
        assert result.exit_code == 0, f"{self.done}\n{result}"
        return result.json

    def _enable(self) -> None:
        assert self._ok("enable", "--name", self._name, "--no-backup")["validation"]["verdict"] in GOOD

    def _disable(self) -> None:
        closed = self._ok("disable")
        assert closed["validation"]["verdict"] in GOOD, closed["validation"]
        assert closed["validation"]["content"]["equal"] is True, closed["validation"]["content"]
        assert closed["left_behind"] == []
        if self._chance.random() < 0.3:
            self._ok("restore")

    def _add(self) -> str:
        course = f"from-{self._lane}-{self._name}-{next(self._numbers)}"
        self.pair.dev_sql(COURSE, course, course)
        return course

    def _arrives(self, course: str) -> None:
        has = "SELECT 1 FROM courses WHERE id = %s"
        wait_until(lambda: self.pair.prod_sql(has, course), 60, what=f"{course}, after {self.done}")

    def _stream(self) -> None:
        self._enable()
        for _ in range(self._chance.randint(1, 3)):
            self._arrives(self._add())
        assert self._ok("status")["window"]["state"] == "streaming"
        if self._chance.random() < 0.5:
            self._ok("validate")
        self._disable()

    def _pause(self) -> None:
        self._enable()
        self._ok("pause")
        course = self._add()
        if self._chance.random() < 0.7:
            self._ok("resume")
            self._arrives(course)
        self._disable()
        self.pair.prod_sql("SELECT 1 FROM courses WHERE id = %s", course)

    def _sync(self) -> None:
        assert self._ok("sync", "--name", self._name, "--no-backup")["validation"]["verdict"] in GOOD

    def _fail(self) -> None:
        """The window fails after it has written, and takes everything back."""
        course = self._add()
        probe = f"SELECT pg_catalog.count(*) = 0 FROM public.courses WHERE id = '{course}'"
        self.pair.configure(validate={"probes": [probe]})
        try:
            failed = self._cli("enable", "--name", self._name, "--no-backup")
        finally:
            self.pair.configure(validate={"probes": []})
        assert failed.exit_code == 5, f"{self.done}\n{failed}"
        assert failed.json["rolled_back"] is True
        assert self.pair.prod_sql("SELECT 1 FROM courses WHERE id = %s", course) == []

    def _die(self) -> None:
        """``kill -9`` in the middle; the next command goes on, or gives up."""
        step = self._chance.choice(KILLED_AT)
        self.done.append(f"enable, killed at {step} ({self._name})")
        with self.pair.start("enable", "--name", self._name, "--no-backup") as running:
            wait_until(
                lambda: running.ended or step in [name for name, _ in self.pair.journal(self._name)[1]],
                120,
                what=f"step {step}",
            )
            if running.ended:
                opened = running.result()
                assert opened.exit_code == 0, f"{self.done}\n{opened}"
            else:
                running.kill()
        wait_until(lambda: not self._controllers(), 30, what="the end of the killed controller's sessions")
        if self._chance.random() < 0.5:
            # Killed at the end, it may be open by now.
            assert self._cli("enable").exit_code in (0, 8)
            self._disable()
        else:
            closed = self._cli("disable", "--no-validate")
            assert closed.exit_code == 0, f"{self.done}\n{closed}"

    def _controllers(self) -> list[Any]:
        ours = (
            "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'egrow-replica/%%'"
            " AND datname = current_database()"
        )
        return self.pair.prod_sql(ours)


@contextmanager
def editors(pair: Pair, seed: int) -> Iterator[None]:
    """People who go on editing dev, whatever the productions do."""
    stop, chance = threading.Event(), random.Random(seed)

    def edit() -> None:
        with psycopg.connect(pair.lab.admin_dsn(Server.DEV), autocommit=True) as dev:
            while not stop.wait(chance.uniform(0.05, 0.4)):
                dev.execute(
                    "UPDATE lessons SET title = title || %s WHERE id ="
                    " (SELECT id FROM lessons ORDER BY md5(id || %s) LIMIT 1)",
                    [chance.choice("abc"), str(chance.random())],
                )

    thread = threading.Thread(target=edit)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
