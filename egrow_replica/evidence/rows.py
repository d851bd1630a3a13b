"""Which rows of a table this window wrote, as far as the rows themselves still say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from egrow_replica.db import SQL, Composable, Door, Identifier, Literal, query, relation
from egrow_replica.evidence.fingerprint import origin_of_newer
from egrow_replica.model import QualifiedName

#: How many rows are named at most.
NAMED = 20


def rows_of_origins(
    door: Door, table: QualifiedName, key: Sequence[str], since: str, origins: Iterable[int]
) -> tuple[str, ...]:
    """Rows of these origins that are newer than a transaction id; the first :data:`NAMED`.

    :param key: columns to name them by; none: by their place.

    A row that was deleted, or that others have written since, does not carry the origin any more.
    """
    statement = query("evidence/rows_of_origins", key=_shown(key), table=relation(table), origin=origin_of_newer(since))
    return tuple(door.values(statement, [list(origins), NAMED]))


def _shown(key: Sequence[str]) -> Composable:
    if not key:
        return SQL("t.ctid::text")
    parts = [SQL("pg_catalog.concat({}, t.{}::text)").format(Literal(f"{c}="), Identifier(c)) for c in key]
    return SQL("pg_catalog.concat_ws(', ', {})").format(SQL(", ").join(parts))
