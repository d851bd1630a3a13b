"""Rows that dev moved to another partition, and that production would have twice."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.content import Move, moved_rows
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import counted, finding, named
from egrow_replica.window.checks.remedies import name, table, text
from egrow_replica.window.checks.rows_remedies import REMEDY_ROWS, among
from egrow_replica.window.checks.rows_table import Row, TableRows


class Moved:
    """Rows of production that dev has under another key, which is new: the window would add it beside the old one."""

    wants_rows = False

    def __init__(self, rows: TableRows) -> None:
        self._rows = rows

    def see(self, row: Row) -> None:
        """Nothing: it is about rows that only production has."""

    def findings(self) -> Iterator[Check]:
        """One for the table."""
        rows, view = self._rows, self._rows.view
        new = set(rows.difference.new)
        found = moved_rows(view.dev, view.prod, rows.table, rows.seed, rows.difference.production_only)
        moves = [one for one in found if one.new.key_hash in new]
        if moves:
            shown = [str(one) for one in moves]
            yield finding(
                "moved-rows",
                Severity.WARNING,
                Server.PROD,
                rows.name,
                f"{counted(shown)} that dev has moved to another partition: a window adds them under their new key, "
                f"and production keeps the old ones: {named(shown)}",
                self._remedy(moves),
                rows=shown,
            )

    def _remedy(self, moves: list[Move]) -> str:
        """The same move on production, where a foreign key of a user's row refuses it."""
        if len(moves) > REMEDY_ROWS:
            return "Move them on production too, or remove the old ones, before the window opens."
        return " ".join(map(self._same_move, moves)) + " -- on production"

    def _same_move(self, move: Move) -> str:
        changed = ", ".join(
            f"{name(column)} = {'NULL' if now is None else text(now)}"
            for column, was, now in zip(self._rows.table.key, move.old.key, move.new.key, strict=True)
            if was != now
        )
        where = among(self._rows.table.key, [move.old.key])
        return f"UPDATE {table(self._rows.name)} SET {changed} WHERE {where};"  # noqa: S608 - printed, never sent
