"""Whether production has what dev has, also while dev keeps changing."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection
from dataclasses import dataclass

from egrow_replica.catalog import ContentTable, Scope
from egrow_replica.content.compare import compare_table, hashes_of, keys_there
from egrow_replica.content.moves import Move, moved_rows
from egrow_replica.db import SNAPSHOT, Door
from egrow_replica.model import QualifiedName

#: Rows that change in every round are on their way and are not counted.
MAX_ROUNDS = 8

#: A row's hash on dev and on production; ``None``: production does not have it.
_Pair = tuple[int, int | None]


@dataclass
class Equality:
    """How a table of production is held against dev's.

    :ivar differing: dev's rows that production lacks or has otherwise.
    :ivar missing: those of them that production lacks.
    :ivar unsettled: those that changed at every look, so that nothing can be said of them.
    :ivar production_only: hashes of the keys of rows that dev does not have.
    :ivar moved: those of them that dev has under another key.
    """

    differing: int = 0
    missing: int = 0
    unsettled: int = 0
    production_only: Collection[int] = ()
    moved: tuple[Move, ...] = ()


class EqualityCheck:
    """Compares a dev snapshot at LSN *L* with production after *L* was confirmed.

    :param settle: waits until production has confirmed everything that dev had committed when it was called.
    :param updates: whether the stream carries updates; without, only missing rows count.
    """

    def __init__(self, dev: Door, prod: Door, seed: int, settle: Callable[[], None], *, updates: bool) -> None:
        self._dev = dev
        self._prod = prod
        self._seed = seed
        self._settle = settle
        self._updates = updates
        self._alone: dict[QualifiedName, Collection[int]] = {}

    def compare(self, scope: Scope) -> dict[QualifiedName, Equality]:
        """Every table, as far as the stream can bring it.

        One look is not enough: a row may have changed on dev in between. Only a row whose state on production stays
        the same over a later confirmed LSN, and still is not dev's, differs.
        """
        found = {name: Equality() for name in scope.names}
        with self._dev.transaction(SNAPSHOT):
            self._dev.value("SELECT pg_catalog.pg_current_wal_lsn()::text")  # the snapshot is of now
            self._settle()
            suspects = {table.name: self._suspects(table) for table in scope.tables}
        for _ in range(MAX_ROUNDS):
            suspects = {name: pairs for name, pairs in suspects.items() if pairs}
            if not suspects:
                break
            again = self._look_again(scope, suspects)
            for name, pairs in again.items():
                settled = {key for key, pair in pairs.items() if pair[1] == suspects[name][key][1]}
                found[name].differing += len(settled)
                found[name].missing += sum(1 for key in settled if pairs[key][1] is None)
                again[name] = {key: pair for key, pair in pairs.items() if key not in settled}
            suspects = again
        for name, pairs in suspects.items():
            found[name].unsettled = len(pairs)
        self._look_at_the_rest(scope, found)
        return found

    def _suspects(self, table: ContentTable) -> dict[int, _Pair]:
        difference = compare_table(self._dev, self._prod, table, self._seed)
        self._alone[table.name] = difference.production_only
        keys = difference.from_dev if self._updates else difference.new
        return self._pairs(table, keys)

    def _look_again(
        self, scope: Scope, suspects: dict[QualifiedName, dict[int, _Pair]]
    ) -> dict[QualifiedName, dict[int, _Pair]]:
        with self._dev.transaction(SNAPSHOT):
            self._dev.value("SELECT pg_catalog.pg_current_wal_lsn()::text")
            self._settle()
            return {name: self._pairs(scope.table(name), pairs) for name, pairs in suspects.items()}

    def _look_at_the_rest(self, scope: Scope, found: dict[QualifiedName, Equality]) -> None:
        """Rows that only production has: a new one of dev's may have come between the two looks at them."""
        alone = {name: keys for name, keys in self._alone.items() if keys}
        if not alone:
            return
        with self._dev.transaction(SNAPSHOT):
            for name, keys in alone.items():
                table = scope.table(name)
                come = keys_there(self._dev, table, self._seed, keys)
                still = array("q", (key for key in keys if key not in come)) if come else keys
                found[name].production_only = still
                found[name].moved = tuple(moved_rows(self._dev, self._prod, table, self._seed, still))

    def _pairs(self, table: ContentTable, keys: Collection[int]) -> dict[int, _Pair]:
        if not keys:
            return {}
        dev = hashes_of(self._dev, table, self._seed, keys, filtered=True)
        prod = hashes_of(self._prod, table, self._seed, keys, filtered=False)
        pairs: dict[int, _Pair] = {key: (value, prod.get(key)) for key, value in dev.items()}
        if not self._updates:
            return {key: pair for key, pair in pairs.items() if pair[1] is None}
        return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
