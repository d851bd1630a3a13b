"""What the application wrote and production acknowledged, so that it can be asked whether all of it is still there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from threading import Condition
from typing import NamedTuple

Value = str | int | bool | None


class Row(NamedTuple):
    """One row as a write leaves it.

    :ivar values: the columns that the write set; ``None`` for a row that it deleted.
    """

    table: str
    id: str
    values: Mapping[str, Value] | None


class Ledger:
    """Acknowledged writes, by row, and those whose outcome is not known.

    The writer and whoever verifies are two threads. A verification holds the next write back, so that what it reads
    cannot be newer than the ledger; a write under way (it may wait for a lock) is left out.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._rows: dict[tuple[str, str], dict[str, Value] | None] = {}
        self._under_way: tuple[Row, ...] = ()
        self._uncertain: set[tuple[str, str]] = set()
        self._held = 0
        self.acknowledged = 0
        self.failed = 0
        self.unknown = 0

    @contextmanager
    def writing(self, rows: tuple[Row, ...]) -> Iterator[None]:
        """Announce a write; without :meth:`acknowledge` or :meth:`reject` inside, its outcome stays unknown."""
        with self._changed:
            self._changed.wait_for(lambda: not self._held)
            self._under_way = rows
        try:
            yield
        finally:
            with self._changed:
                if self._under_way:
                    self.unknown += 1
                    self._uncertain |= {(row.table, row.id) for row in self._under_way}
                self._under_way = ()
                self._changed.notify_all()

    def acknowledge(self) -> None:
        """Enter the write under way: the server said that it is committed."""
        with self._changed:
            for row in self._under_way:
                self._enter(row)
            self._under_way = ()
            self.acknowledged += 1
            self._changed.notify_all()

    def reject(self) -> None:
        """The server said that the write under way failed: nothing of it is there."""
        with self._changed:
            self._under_way = ()
            self.failed += 1
            self._changed.notify_all()

    @contextmanager
    def settled(self, patience: float) -> Iterator[dict[str, dict[str, dict[str, Value] | None]]]:
        """What must be in the database now, by table and id, while further writes wait."""
        with self._changed:
            self._held += 1
            self._changed.wait_for(lambda: not self._under_way, patience)
            doubtful = self._uncertain | {(row.table, row.id) for row in self._under_way}
            expected: dict[str, dict[str, dict[str, Value] | None]] = {}
            for (table, key), values in self._rows.items():
                if (table, key) not in doubtful:
                    expected.setdefault(table, {})[key] = values
        try:
            yield expected
        finally:
            with self._changed:
                self._held -= 1
                self._changed.notify_all()

    def _enter(self, row: Row) -> None:
        key = (row.table, row.id)
        if row.values is None:
            self._rows[key] = None
        else:
            self._rows[key] = {**(self._rows.get(key) or {}), **row.values}


def differences(
    table: str, expected: Mapping[str, Mapping[str, Value] | None], found: Mapping[str, str]
) -> Iterator[str]:
    """One sentence for every row that is not as the ledger has it.

    :param found: the rows that are there as JSON, by id.
    """
    for key, values in expected.items():
        if values is None:
            if key in found:
                yield f"{table} {key}: deleted by the application, and there again"
            continue
        if key not in found:
            yield f"{table} {key}: written by the application, and gone"
            continue
        row = json.loads(found[key], parse_float=Decimal)
        for column, value in values.items():
            if row.get(column) != value:
                yield f"{table} {key}: {column} is {row.get(column)}, the application wrote {value}"
