"""Unique values by which other rows of production refer to a content row, and which dev changes.

Under replication nothing cascades: who refers to the old value would refer to nothing, or to another row that takes the
value over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from egrow_replica.catalog import ForeignKey
from egrow_replica.db import SQL, relation
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named
from egrow_replica.window.checks.remedies import name, text
from egrow_replica.window.checks.rows_remedies import REMEDY_ROWS, update
from egrow_replica.window.checks.rows_table import Row, TableRows, Tables, Values, find_values

PROD = Server.PROD


@dataclass
class _Key:
    """A foreign key that leads to the table, not to its key.

    :ivar changed: the rows whose referenced values change, by the values that they have.
    """

    key: ForeignKey
    positions: tuple[int, ...]
    changed: dict[Values, Row] = field(default_factory=dict)


class Referred:
    """Production's foreign keys that lead to the table by columns which a window may change."""

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows
        self._tables = Tables(rows.view)
        self._keys = [
            _Key(key, positions)
            for key in rows.view.scope.foreign_keys
            if key.references == rows.name
            and not set(key.referenced_columns) <= set(rows.table.key)
            and (positions := rows.positions(key.referenced_columns)) is not None
        ]
        self.wants_rows = bool(self._keys)

    def see(self, row: Row) -> None:
        """Note what it was referred to by."""
        if row.old is None:
            return
        for one in self._keys:
            old = tuple(row.old[position] for position in one.positions)
            if None not in old and old != tuple(row.new[position] for position in one.positions):
                one.changed[old] = Row(row.key, row.shown, (), None)

    def findings(self) -> Iterator[Check]:
        """One for each foreign key."""
        for one in self._keys:
            lost = self._lost(one)
            if lost:
                yield self._finding(one, lost)

    def _lost(self, one: _Key) -> dict[Values, int]:
        """By old value, how many rows of production refer to it and will go on to."""
        table, olds = self._tables.of_production(one.key.table), list(one.changed)
        if table is None or not olds:
            return {}
        view, columns = self._rows.view, one.key.columns
        source = SQL("{}{}").format(SQL("" if one.key.partitioned else "ONLY "), relation(one.key.table))
        shown = next((key.columns for key in table.unique_keys if key.is_primary), columns)
        found = list(find_values(view.prod, table, source, columns, olds, key=shown))
        if one.key.table in view.scope.names:  # what dev has too comes as dev has it
            keys = [key for _, key in found]
            dev = view.tables(Server.DEV)[one.key.table]
            coming = {number for number, _ in find_values(view.dev, dev, source, shown, keys, key=shown)}
            found = [pair for number, pair in enumerate(found) if number not in coming]
        lost: dict[Values, int] = {}
        for number, _ in found:
            lost[olds[number]] = lost.get(olds[number], 0) + 1
        return lost

    def _finding(self, one: _Key, lost: dict[Values, int]) -> Check:
        columns = ", ".join(one.key.referenced_columns)
        rows = [one.changed[old].shown for old in lost]
        values = named(
            f"{', '.join(map(str, old))} of the row with key {one.changed[old].shown} ({counted(range(count))})"
            for old, count in lost.items()
        )
        return finding(
            "reference-changes",
            Severity.ERROR,
            PROD,
            self._rows.name,
            f"dev changes ({columns}), by which rows of {one.key.table} refer ({one.key.name}), and nothing cascades "
            f"under replication: {values}",
            self._remedy(one, list(lost)),
            rows=rows,
        )

    def _remedy(self, one: _Key, olds: list[Values]) -> str:
        columns = ", ".join(one.key.referenced_columns)
        if len(olds) > REMEDY_ROWS:
            return f"Put production's values of ({columns}) back on dev."
        statements = [
            update(
                self._rows,
                ", ".join(
                    f"{name(column)} = {text(str(value))}"
                    for column, value in zip(one.key.referenced_columns, old, strict=True)
                ),
                [one.changed[old].key],
            )
            for old in olds
        ]
        return f"{' '.join(statements)} -- on dev; or change it in production as well, where it cascades, first"
