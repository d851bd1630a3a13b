"""Whether a content table's rows fit into the statements that move them: a statement has a limit at the guard."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import ContentTable, Scope
from egrow_replica.content import TableDifference, planned_statements
from egrow_replica.content.compare import hash_parts
from egrow_replica.db import Composable, query
from egrow_replica.errors import Refused
from egrow_replica.guard.limits import check_text
from egrow_replica.model import Check, Server
from egrow_replica.window.checks.base import error, inspection
from egrow_replica.window.checks.view import View

PROD = Server.PROD
#: From here on nothing is tried: 600 integers were seen to fit.
MAX_COLUMNS = 600


@inspection("too-wide", PROD, subject="width", fine="every content table fits into a statement", both=True)
def width(view: View, server: Server) -> Iterator[Check]:
    """Found before anything is begun: the reconcile would be refused for its size, and the window taken back.

    How long a statement gets depends on names and types: what a type has no short way to be hashed by takes more.
    """
    prod = view.tables(server)
    for qualified, table in prod.items():
        if len(table.columns) > MAX_COLUMNS:
            message = f"it has {len(table.columns)} columns: a statement over more than {MAX_COLUMNS} is not sent"
            yield error("too-wide", server, qualified, message, "Take the table out of content, or divide it.")
    for content in view.scope.tables:
        reason = None if len(prod[content.name].columns) > MAX_COLUMNS else _refusal(view, content)
        if reason is not None:
            message = f"its {len(content.columns)} columns do not fit into the statements that compare and move them: "
            remedy = "Take the table out of content, divide it, or give columns to [tables.production_columns]."
            yield error("too-wide", server, content.name, message + reason, remedy)


def _refusal(view: View, table: ContentTable) -> str | None:
    for statement in _statements(view, table):
        try:
            check_text(statement.as_string(None))
        except Refused as refusal:
            return refusal.reason
    return None


def _statements(view: View, table: ContentTable) -> Iterator[Composable]:
    """What hashes the rows, and what moves them: the restore's are no longer."""
    parts = hash_parts(table, 0, filtered=True)
    yield query("content/row_hashes", **parts)
    alone = Scope(tables=(table,), sequences=(), foreign_keys=())
    difference = {table.name: TableDifference(new={1}, updated={2})}
    for _, statement in planned_statements(view.dev, view.prod, alone, difference, 0):
        yield statement


CHECKS = width
