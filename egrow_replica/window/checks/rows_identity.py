"""The same key for two different things: serial keys that both servers gave out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egrow_replica.catalog.definitions import ColumnDefinition
from egrow_replica.db import SQL, Identifier, query, relation
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named
from egrow_replica.window.checks.remedies import name, table, text
from egrow_replica.window.checks.rows_remedies import REMEDY_ROWS
from egrow_replica.window.checks.rows_table import Row, TableRows, Values

PROD = Server.PROD
_NUMBERS = frozenset(["int2", "int4", "int8"])
_TIMES = frozenset(["timestamp", "timestamptz", "date"])
#: What a time of creation gets by default, however it is spelt.
_NOW = re.compile(
    r"\b(now|transaction_timestamp|statement_timestamp|clock_timestamp)\(\)|\bCURRENT_(TIMESTAMP|DATE)\b"
    r"|\bLOCALTIMESTAMP\b"
)


class Identity:
    """Rows of which every natural key and the time of creation differ.

    Without a natural key nothing can be told: a row whose columns all changed may be the same row.
    """

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows
        naturals = [rows.positions(key.columns) for key in rows.table.unique_keys]
        self._naturals = [positions for positions in naturals if positions is not None]
        created = [column.name for column in rows.prod.columns if _is_creation(column, rows.dev.column(column.name))]
        self._created = [positions[0] for name in created if (positions := rows.positions([name]))]
        self._found: list[str] = []
        self._keys: list[Values] = []
        self.wants_rows = bool(self._naturals and self._created)

    def see(self, row: Row) -> None:
        """Compare what should not change."""
        if row.old is None:
            return
        for position in self._created:
            if row.old[position] == row.new[position]:
                return
        for positions in self._naturals:
            if all(row.old[position] == row.new[position] for position in positions):
                return
        self._found.append(row.shown)
        self._keys.append(row.key)

    def findings(self) -> Iterator[Check]:
        """One for the table."""
        if self._found:
            yield finding(
                "same-key",
                Severity.ERROR,
                PROD,
                self._rows.name,
                f"{counted(self._found, 'key')} with another thing behind it on each server: every natural key and the "
                f"time of creation differ: {named(self._found)}",
                self._remedy(),
                rows=self._found,
            )

    def _remedy(self) -> str:
        """On dev: keys that neither server has given out, with whatever refers to the rows there."""
        advice = "give dev's rows keys that production has not given out"
        column = self._rows.dev.column(self._rows.table.key[0])
        simple = len(self._rows.table.key) == 1 and column is not None and column.base_type in _NUMBERS
        if column is None or not simple or len(self._keys) > REMEDY_ROWS:
            return f"{advice.capitalize()}, or take the table out of content."
        free = self._first_free(column.name)
        moves = [self._move(column.name, key[0] or "", free + number) for number, key in enumerate(self._keys)]
        if column.identity or "nextval(" in (column.default or ""):
            where = f"{text(table(self._rows.name))}, {text(column.name)}"
            moves.append(f"SELECT setval(pg_get_serial_sequence({where}), {free + len(self._keys) - 1});")
        return f"{' '.join(moves)} -- on dev; or otherwise: {advice}"

    def _first_free(self, column: str) -> int:
        statement = query(
            "replication/column_extreme",
            aggregate=SQL("pg_catalog.max"),
            column=Identifier(column),
            source=relation(self._rows.name),
        )
        view = self._rows.view
        return 1 + max(int(door.value(statement) or 0) for door in (view.dev, view.prod))

    def _move(self, column: str, old: str, new: int) -> str:
        """In one statement, so that what refers to the row may follow it: foreign keys are looked at in the end."""
        places = [(self._rows.name, column)] + [
            (key.table, key.columns[0])
            for key in self._rows.view.dev_foreign_keys
            if key.references == self._rows.name and key.referenced_columns == (column,)
        ]
        moved = ", ".join(
            f"moved_{number} AS (UPDATE {table(where)} SET {name(part)} = {new} "  # noqa: S608 - printed, never sent
            f"WHERE {name(part)} = {old})"
            for number, (where, part) in enumerate(places)
        )
        return f"WITH {moved} SELECT {new};"


def _is_creation(prod: ColumnDefinition, dev: ColumnDefinition | None) -> bool:
    defaults = [prod.default or "", (dev.default if dev is not None else None) or ""]
    return prod.base_type in _TIMES and any(_NOW.search(default) for default in defaults)
