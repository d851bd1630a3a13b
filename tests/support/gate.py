"""Stopping a controller at any entry of its journal."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psycopg

from egrow_replica.model import Server
from support.command import Running
from support.pair import Pair
from support.waiting import wait_until

#: Of enable, in their order; a step that has nothing to do leaves no entry.
STEPS = (
    "origin", "rehearsal", "publication", "keep-wal", "baseline", "backup", "slot", "reconcile", "second-rehearsal",
    "subscription", "catch-up", "validate", "streaming",
)  # fmt: skip
JOURNAL = "LOCK TABLE egrow_replica.step IN SHARE MODE"
WAITING = """SELECT count(*) FROM pg_locks
              WHERE relation = 'egrow_replica.step'::regclass AND mode = %s AND NOT granted"""


@dataclass
class Gated:
    """A pair whose controllers can be stopped at any entry of the journal, without a trace in the catalog.

    Two sessions hold the journal in turns: one has the lock, the controller queues for its next entry, the other
    session queues behind it. When the first lets go, exactly one entry gets through. SHARE takes no transaction id, so
    that nothing waits for these sessions.
    """

    pair: Pair
    number: int = 0

    @contextmanager
    def stopped(self, moment: str, step: str, *arguments: str) -> Iterator[Running]:
        """A command that stands still at a moment; it goes on after the block, unless it is gone by then."""
        pair = self.pair
        with (
            psycopg.connect(pair.lab.prod_admin_dsn) as one,
            psycopg.connect(pair.lab.prod_admin_dsn) as other,
            ThreadPoolExecutor(1) as pool,
        ):
            holder, next_holder = one, other
            holder.execute(JOURNAL)
            with pair.start(*arguments) as running:
                while True:
                    wait_until(lambda: self._waits("RowExclusiveLock") or running.ended, 60, what=f"{moment} {step}")
                    assert not running.ended, f"it never stood {moment} {step}: {running.result()}"
                    if self._is_at(moment, step):
                        break
                    queued = pool.submit(next_holder.execute, JOURNAL)
                    wait_until(lambda: self._waits("ShareLock"), what="the next holder")
                    holder.rollback()
                    queued.result()
                    holder, next_holder = next_holder, holder
                yield running
                with suppress(psycopg.OperationalError):  # the server may be gone by now
                    holder.rollback()
                # Also of one that has ended by now: what it said is read before its pipes are closed.
                running.result()

    def _waits(self, mode: str) -> bool:
        return bool(self.pair.value(Server.PROD, WAITING, mode))

    def _is_at(self, moment: str, step: str) -> bool:
        entries = self.pair.prod_sql(
            "SELECT step, status FROM egrow_replica.step WHERE window_name = %s ORDER BY id DESC LIMIT 1", self.name
        )
        if moment == "after":
            return entries == [(step, "intent")]
        if moment == "committed":  # with an entry of its own in the same transaction
            return entries == [(step, "done")]
        return entries == ([(STEPS[STEPS.index(step) - 1], "done")] if step != STEPS[0] else [])

    @property
    def name(self) -> str:
        return f"fault-{self.number}"

    def new_name(self) -> str:
        self.number += 1
        return self.name
