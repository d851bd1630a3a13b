"""Rows of dev that refer to rows which production does not have and will not get with the content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from egrow_replica.catalog import ForeignKey
from egrow_replica.db import SQL, relation
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named
from egrow_replica.window.checks.remedies import name
from egrow_replica.window.checks.rows_remedies import REMEDY_ROWS, update
from egrow_replica.window.checks.rows_table import Row, TableRows, Tables, Values, find_values

DEV, PROD = Server.DEV, Server.PROD


@dataclass
class _Key:
    """A foreign key of the table, and who wants which referenced values."""

    key: ForeignKey
    positions: tuple[int, ...]
    wanted: defaultdict[Values, list[Row]] = field(default_factory=lambda: defaultdict(list))


class References:
    """Production's foreign keys that lead from the table, and whose columns travel."""

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows
        self._tables = Tables(rows.view)
        self._keys = [
            _Key(key, positions)
            for key in rows.view.scope.foreign_keys
            if key.table == rows.name and (positions := rows.positions(key.columns)) is not None
        ]
        self.wants_rows = bool(self._keys)

    def see(self, row: Row) -> None:
        """Note what it refers to, unless it did so before."""
        for one in self._keys:
            value = tuple(row.new[position] for position in one.positions)
            old = None if row.old is None else tuple(row.old[position] for position in one.positions)
            if None not in value and old != value:
                one.wanted[value].append(Row(row.key, row.shown, (), None))

    def findings(self) -> Iterator[Check]:
        """One for each foreign key."""
        for one in self._keys:
            missing = self._missing(one)
            if missing:
                yield self._finding(one, missing)

    def _finding(self, one: _Key, missing: list[Values]) -> Check:
        rows = [row for value in missing for row in one.wanted[value]]
        keys = [row.shown for row in rows]
        values = named(", ".join(map(str, value)) for value in missing)
        return finding(
            "missing-reference",
            Severity.ERROR,
            PROD,
            self._rows.name,
            f"{counted(keys)} of dev with a reference to rows of {one.key.references} that production lacks, by "
            f"({', '.join(one.key.columns)}) ({one.key.name}): {values}; wanted by {named(keys)}",
            self._remedy(one, rows),
            rows=keys,
        )

    def _remedy(self, one: _Key, rows: list[Row]) -> str:
        nullable = all((found := self._rows.dev.column(part)) and not found.not_null for part in one.key.columns)
        advice = f"Let dev's rows point at rows of {one.key.references} that production has"
        if not nullable or len(rows) > REMEDY_ROWS:
            return f"{advice}."
        assignments = ", ".join(f"{name(part)} = NULL" for part in one.key.columns)
        return f"{update(self._rows, assignments, [row.key for row in rows])} -- on dev; or: {advice.lower()}"

    def _missing(self, one: _Key) -> list[Values]:
        """Not on production, and not on dev in a table whose rows all arrive."""
        wanted = list(one.wanted)
        referenced = self._tables.of_production(one.key.references)
        if referenced is None or not wanted:
            return []
        columns = one.key.referenced_columns
        only = SQL("" if one.key.references_partitioned else "ONLY ")
        source = SQL("{}{}").format(only, relation(one.key.references))
        view = self._rows.view
        there = {number for number, _ in find_values(view.prod, referenced, source, columns, wanted, key=columns)}
        missing = [value for number, value in enumerate(wanted) if number not in there]
        if one.key.references not in view.scope.names or not missing:
            return missing
        content = view.scope.table(one.key.references)
        dev = view.tables(DEV)[one.key.references]
        arriving = {
            number
            for number, _ in find_values(
                view.dev, dev, content.dev_source, columns, missing, key=columns, condition=content.arriving
            )
        }
        return [value for number, value in enumerate(missing) if number not in arriving]
