"""The same key for two different things: serial keys that both servers gave out."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egrow_replica.catalog.definitions import ColumnDefinition
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named
from egrow_replica.window.checks.rows_table import Row, TableRows

PROD = Server.PROD
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
                "Give dev's rows keys that production has not given out, or take the table out of content.",
                rows=self._found,
            )


def _is_creation(prod: ColumnDefinition, dev: ColumnDefinition | None) -> bool:
    defaults = [prod.default or "", (dev.default if dev is not None else None) or ""]
    return prod.base_type in _TIMES and any(_NOW.search(default) for default in defaults)
