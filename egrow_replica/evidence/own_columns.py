"""Who wrote the columns of content that do not travel. Pure: everything that decides is an argument.

The stream and the reconcile write other columns of the same rows, so a row's last writer alone says little. What says
more is whether these columns can have travelled at all: not as long as the publication was what the window made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egrow_replica.evidence.judge import LOCAL_ORIGIN, Origins
from egrow_replica.evidence.wal import ContentWrites
from egrow_replica.model import QualifiedName, TableVerdict
from egrow_replica.results import ProductionColumns

#: How many rows are named at most.
NAMED = 20


@dataclass(frozen=True)
class ChangedRow:
    """A row of the baseline whose values are others now.

    :ivar origin: of its last writer; ``None``: nobody knows, or it is not newer than the baseline.
    :ivar changed: the columns that differ, ``as_dev``: those of them that are as dev has them.
    """

    key_hash: int
    shown: str
    origin: int | None
    changed: tuple[str, ...]
    as_dev: tuple[str, ...] = ()


@dataclass(frozen=True)
class OwnColumnsSeen:
    """What is known of one table.

    :ivar columns: those that do not travel.
    :ivar rows: those that differ; ``None`` where they were not compared: could not be, and ``unread`` says why, or need
        not be, because no WAL record wrote the table.
    :ivar may_have_travelled: why the columns may have, ``""`` where they cannot have.
    :ivar renewed: the window may have deleted rows of it, and what is added again has none of production's values.
    :ivar wal: who wrote the table, ``None`` where WAL does not prove it.
    """

    table: QualifiedName
    columns: tuple[str, ...]
    rows: Sequence[ChangedRow] | None
    may_have_travelled: str
    renewed: bool
    wal: ContentWrites | None
    unread: str = ""


@dataclass(frozen=True)
class JudgedColumns:
    """A verdict, and for each row that the window wrote the columns of it."""

    evidence: ProductionColumns
    overwritten: tuple[tuple[ChangedRow, tuple[str, ...]], ...] = ()


def judge_own_columns(seen: OwnColumnsSeen, origins: Origins) -> JudgedColumns:
    """The verdict on one table; unknown is never better than ``unproven``."""
    if seen.rows is None and not seen.unread:
        return _judged(seen, TableVerdict.INTACT, "no WAL record wrote the table")
    if seen.rows is None:
        return _judged(seen, *_unread(seen))
    if not seen.rows:
        return _judged(seen, TableVerdict.INTACT, "every value is as it was")
    verdicts = [(row, *_of_row(row, seen, origins)) for row in seen.rows]
    worst = TableVerdict.worst([verdict for _, verdict, _ in verdicts])
    found = [(row, reason) for row, verdict, reason in verdicts if verdict is worst]
    reason = "; ".join(dict.fromkeys(reason for _, reason in found))
    overwritten = tuple(
        (row, row.as_dev or row.changed)
        for row, verdict, _ in verdicts
        if verdict is TableVerdict.TOUCHED and not _is_others(row, origins)
    )
    failing = worst in (TableVerdict.TOUCHED, TableVerdict.UNPROVEN)
    return JudgedColumns(
        _evidence(seen, worst, reason).model_copy(
            update={
                "differing": len(seen.rows),
                "overwritten": sum(verdict is TableVerdict.TOUCHED for _, verdict, _ in verdicts),
                "rows": tuple(_named(row) for row, _ in found[:NAMED]) if failing else (),
            }
        ),
        overwritten,
    )


def _named(row: ChangedRow) -> str:
    return f"{row.shown} ({', '.join(row.as_dev or row.changed)})"


def _judged(seen: OwnColumnsSeen, verdict: TableVerdict, reason: str) -> JudgedColumns:
    return JudgedColumns(_evidence(seen, verdict, reason))


def _evidence(seen: OwnColumnsSeen, verdict: TableVerdict, reason: str) -> ProductionColumns:
    differing = len(seen.rows) if seen.rows is not None else None
    return ProductionColumns(
        table=seen.table, columns=seen.columns, verdict=verdict, reason=reason, differing=differing
    )


def _unread(seen: OwnColumnsSeen) -> tuple[TableVerdict, str]:
    """What is left to say where rows could not be compared."""
    if not seen.may_have_travelled and _others_wrote(seen):
        return (
            TableVerdict.CHANGED_BY_APPLICATION,
            f"others wrote the table, and these columns do not travel ({seen.unread}, so no row was compared)",
        )
    return TableVerdict.UNPROVEN, seen.unread


def _of_row(row: ChangedRow, seen: OwnColumnsSeen, origins: Origins) -> tuple[TableVerdict, str]:
    if row.origin is not None and row.origin != LOCAL_ORIGIN and not _is_known(row.origin, origins):
        return TableVerdict.UNPROVEN, f"rows came through {origins.name(row.origin)}, which is not known"
    if seen.may_have_travelled:
        return _may_have_travelled(row, seen, origins)
    if _is_others(row, origins):
        return TableVerdict.CHANGED_BY_APPLICATION, "others wrote the rows last, and these columns do not travel"
    return _cannot_have_travelled(seen, origins)


def _may_have_travelled(row: ChangedRow, seen: OwnColumnsSeen, origins: Origins) -> tuple[TableVerdict, str]:
    """Somebody let these columns travel, or nobody knows that nobody did."""
    if seen.wal is not None and not seen.wal.ours:
        if seen.wal.others:
            return TableVerdict.CHANGED_BY_APPLICATION, "others wrote the table, this window did not"
        return TableVerdict.UNPROVEN, "rows differ, and no WAL record explains it"
    if row.as_dev:
        return TableVerdict.TOUCHED, f"{seen.may_have_travelled}, and rows have dev's values"
    if seen.wal is not None and not seen.wal.others:
        return TableVerdict.TOUCHED, f"{seen.may_have_travelled}, and nobody else wrote the table"
    who = "others wrote the rows last" if _is_others(row, origins) else "this window may have written the rows last"
    return TableVerdict.UNPROVEN, f"{seen.may_have_travelled}; {who}, and nothing tells who changed these columns"


def _cannot_have_travelled(seen: OwnColumnsSeen, origins: Origins) -> tuple[TableVerdict, str]:
    """This window wrote the row last, or nobody knows who did; it does not write these columns."""
    if seen.renewed:
        return TableVerdict.UNPROVEN, "this window deletes rows, and added again they lack production's values"
    earlier = "others changed these columns before this window wrote other columns of the rows: these do not travel"
    if seen.wal is not None:
        if seen.wal.others:
            return TableVerdict.CHANGED_BY_APPLICATION, earlier
        if seen.wal.ours:
            return TableVerdict.TOUCHED, "nobody but this window wrote the table"
        return TableVerdict.UNPROVEN, "rows differ, and no WAL record explains it"
    if any(_is_others(row, origins) for row in seen.rows or ()):
        return TableVerdict.CHANGED_BY_APPLICATION, earlier
    return TableVerdict.UNPROVEN, "nothing shows that anybody but this window wrote the table"


def _is_known(origin: int, origins: Origins) -> bool:
    return origin in origins.ours or origin in origins.others


def _is_others(row: ChangedRow, origins: Origins) -> bool:
    return row.origin is not None and (row.origin == LOCAL_ORIGIN or row.origin in origins.others)


def _others_wrote(seen: OwnColumnsSeen) -> bool:
    return seen.wal is not None and bool(seen.wal.others)


def sentences(found: Iterable[ProductionColumns]) -> list[tuple[TableVerdict, str]]:
    """What a person is told of each, by its verdict."""
    return [
        (
            one.verdict,
            f"{one.table} ({', '.join(one.columns)}): {one.verdict.value}: {one.reason}",
        )
        for one in found
    ]
