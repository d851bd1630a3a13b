"""The differing rows of one table, read once for all who want to see them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from egrow_replica.catalog import Column, ContentTable, Table, read_tables
from egrow_replica.catalog.definitions import Definition
from egrow_replica.content import TableDifference, read_rows, row_pairs
from egrow_replica.db import SQL, Composable, Door, query
from egrow_replica.db.expressions import Expression, all_of, cast, element_as_text, equal, texts, value_of
from egrow_replica.guard.lists.names import TYPES
from egrow_replica.model import Check, Model, QualifiedName, Server
from egrow_replica.window.checks.view import View

Values = tuple[str | None, ...]
#: Rows that are held at once, to begin with.
AT_ONCE = 2_000
#: Values that one statement asks for at most: as a text, some ten megabytes.
VALUES_AT_ONCE = 500_000


@dataclass(frozen=True)
class Row:
    """A row of dev that production lacks (``old`` is None) or has otherwise; values are texts.

    :ivar shown: its key as one word.
    """

    key: Values
    shown: str
    new: Values
    old: Values | None


class Collector(Protocol):
    """Sees every differing row, updated ones first, and says in the end what it found."""

    wants_rows: bool

    def see(self, row: Row) -> None:
        """Look at a row."""

    def findings(self) -> Iterator[Check]:
        """What was found."""


class Found(Model):
    """A row that has the wanted value of that number, counted from 1."""

    number: int
    key: tuple[str | None, ...]


class TableRows:
    """One content table with its differences.

    :ivar difference: set before the rows are shown.
    """

    def __init__(self, view: View, table: ContentTable, seed: int) -> None:
        self.view = view
        self.table = table
        self.seed = seed
        self.difference = TableDifference()
        self._positions = {name: position for position, name in enumerate(table.column_names)}

    @property
    def name(self) -> QualifiedName:
        """The table's name."""
        return self.table.name

    @property
    def dev(self) -> Definition:
        """How dev defines it."""
        return self.view.definitions(Server.DEV).tables[self.name]

    @property
    def prod(self) -> Definition:
        """How production defines it."""
        return self.view.definitions(Server.PROD).tables[self.name]

    def positions(self, names: Iterable[str]) -> tuple[int, ...] | None:
        """Where in a row's values these columns are; ``None`` where one does not travel."""
        found = [self._positions.get(name) for name in names]
        return None if None in found else tuple(one for one in found if one is not None)

    def show_to(self, collectors: Sequence[Collector]) -> None:
        """Read the rows that differ, the updated ones first."""
        if not collectors:
            return
        for row in self._rows():
            for collector in collectors:
                collector.see(row)

    def _rows(self) -> Iterator[Row]:
        """Each table is read once, however many rows differ; nobody may ask the servers for else while they come."""
        dev, prod = self.view.dev, self.view.prod
        updated = row_pairs(dev, prod, self.table, self.seed, self.difference.updated, with_values=True)
        if len(self.difference.updated) <= AT_ONCE:  # in an order that a person can follow
            updated = iter(sorted(updated, key=lambda pair: pair[1].shown_key))
        for old, new in updated:
            yield Row(new.key, new.shown_key, new.row, old.row)
        # Production may be asked meanwhile: the new rows are dev's.
        for one in read_rows(dev, self.table, self.seed, self.difference.new, filtered=True, with_values=True):
            yield Row(one.key, one.shown_key, one.row, None)

    def find(self, names: Sequence[str], wanted: Sequence[Values]) -> Iterator[tuple[int, Values]]:
        """Which of the wanted values production's table has, by position, and in which row."""
        table = self.view.tables(Server.PROD)[self.name]
        yield from find_values(self.view.prod, table, self.table.source, names, wanted, key=self.table.key)


def find_values(
    door: Door,
    table: Table,
    source: Composable,
    names: Sequence[str],
    wanted: Sequence[Values],
    *,
    key: Sequence[str],
    condition: Composable | None = None,
) -> Iterator[tuple[int, Values]]:
    """Which of the wanted values a table has, by position, and the key of the row that has it."""
    statement = query(
        "doctor/find_values",
        key=texts("t", key),
        source=source,
        matches=all_of(_equals(table.column(name), name, number) for number, name in enumerate(names)),
        condition=condition or SQL("true"),
    )
    for start in range(0, len(wanted), VALUES_AT_ONCE):
        part = json.dumps(wanted[start : start + VALUES_AT_ONCE])
        for found in door.rows(Found, statement, [part]):
            yield start + found.number - 1, found.key


def _equals(column: Column | None, name: str, number: int) -> Expression:
    """By the column's own type where that is built in: an index answers, and its own equality decides."""
    value, wanted = value_of("t", name), element_as_text(value_of("w", "value"), number)
    base = column.base_type if column is not None else ""
    if base in TYPES and base not in ("text", "varchar", "name"):
        return equal(value, cast(wanted, base))
    return equal(value if base in ("text", "varchar") else cast(value, "text"), wanted)


class Tables:
    """Other tables than content, read when somebody refers to them."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._known: dict[QualifiedName, Table] = {}

    def of_production(self, name: QualifiedName) -> Table | None:
        """A table of production, ``None`` where it has no such table."""
        relation = self._view.relations(Server.PROD).get(name)
        if relation is not None and name not in self._known:
            self._known |= read_tables(self._view.prod, [relation])
        return self._known.get(name)
