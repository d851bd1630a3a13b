"""Which rows of a table are newer than the baseline, and this window's, as far as the rows themselves still say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from egrow_replica.db import Door, query, relation
from egrow_replica.db.expressions import Expression, cast, is_one_of, numbers, shown_key, value_of
from egrow_replica.evidence.fingerprint import newer, origin_of_newer
from egrow_replica.model import QualifiedName

#: How many rows are named at most.
NAMED = 20


def newer_rows(
    door: Door,
    table: QualifiedName,
    key: Sequence[str],
    since: str,
    where: Sequence[tuple[int, int]],
    *,
    origins: Iterable[int] | None,
) -> tuple[str, ...]:
    """Rows on these pages that are newer than a transaction id; the first :data:`NAMED`.

    :param key: columns to name them by; none: by their place.
    :param where: the first page of each run of pages, and the page behind its last one.
    :param origins: only those that carry one of these; ``None``: whoever wrote them.

    A row that was deleted is not there any more, and one that others have written since carries their origin.
    """
    statement = query("evidence/newer_rows", key=_shown(key), table=relation(table), written=_written(since, origins))
    first, until = [one for one, _ in where], [one for _, one in where]
    return tuple(door.values(statement, [first, until, NAMED]))


def _written(since: str, origins: Iterable[int] | None) -> Expression:
    if origins is None:
        return newer(since)
    return is_one_of(origin_of_newer(since), numbers(origins))


def _shown(key: Sequence[str]) -> Expression:
    if not key:
        return cast(value_of("t", "ctid"), "text")
    return shown_key("t", key)
