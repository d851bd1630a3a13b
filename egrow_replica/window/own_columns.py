"""Columns of content that do not travel: keeping what they held at the baseline, and judging who changed them since."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from egrow_replica.backup import Manifest, Values, load, read_content
from egrow_replica.catalog import ContentTable, Scope, Table, read_relations, read_tables
from egrow_replica.content import (
    Overwritten,
    OwnColumns,
    OwnRow,
    changed_rows,
    look_at_rows,
    own_columns,
    same_definition,
    same_without_writes,
    values_on,
    values_statement,
)
from egrow_replica.db import Door
from egrow_replica.db.expressions import cast, null
from egrow_replica.errors import BackupFailed, PreflightFailed, ServerUnavailable
from egrow_replica.evidence import (
    UNKNOWN_ORIGIN,
    ChangedRow,
    ContentWrites,
    JudgedColumns,
    Origins,
    OwnColumnsSeen,
    WalFindings,
    judge_own_columns,
    origin_of_newer,
)
from egrow_replica.model import QualifiedName
from egrow_replica.replication import subscription as subscriptions
from egrow_replica.window.journal import Progress, PublicationLook, own_values


@dataclass(frozen=True)
class Read:
    """What was read of one table in production's snapshot.

    :ivar changed: the rows that differ, ``None`` where they were not compared; ``unread`` says why they could not be.
    """

    own: OwnColumns
    wal: ContentWrites | None
    changed: list[OwnRow] | None
    unread: str = ""


#: Tables whose hashes are not more than so many bytes have them in the journal too: about 60,000 rows of one column.
JOURNAL_BYTES = 1 << 20


def columns_to_keep(door: Door, scope: Scope) -> tuple[OwnColumns, ...]:
    """What to keep of every content table that has such columns; the door is in the baseline's snapshot."""
    found = _tables_now(door, scope.names)
    kept = (own_columns(door, table, found[table.name]) for table in scope.tables if table.name in found)
    return tuple(one for one in kept if one is not None)


def values_to_keep(scope: Scope, kept: tuple[OwnColumns, ...], seed: int) -> list[Values]:
    """What a backup writes for them."""
    return [Values(own.table, values_statement(scope.table(own.table), own, seed)) for own in kept]


def small_values(directory: Path, manifest: Manifest) -> dict[QualifiedName, bytes]:
    """What of a backup's hashes is small enough for the journal."""
    return {
        stored.table: b"".join(read_content(directory, stored))
        for stored in manifest.values
        if stored.bytes <= JOURNAL_BYTES
    }


def read_own_columns(
    door: Door,
    scope: Scope,
    window: str,
    seed: int,
    progress: Progress,
    findings: WalFindings | None,
    since: str | None,
    *,
    full_scan: bool,
) -> list[Read]:
    """Compare every such table that WAL does not spare with the baseline.

    :param door: in the snapshot that is judged; ``findings`` covers all that it shows, where they prove anything.
    :param since: transaction id of the baseline, ``None`` where nothing tells who wrote a row.
    :param full_scan: spare none.
    """
    kept = progress.own_columns or ()
    found = _tables_now(door, [own.table for own in kept])
    origin = cast(null(), "int8") if since is None else origin_of_newer(since)
    proved = findings if findings is not None and findings.proves else None
    reading = []
    for own in kept:
        wal = proved.writes_of(own.table) if proved is not None else None
        table, now = scope.table(own.table), found.get(own.table)
        if now is None or now.relation.oid != table.oid or not same_definition(own, now):
            reading.append(Read(own, wal, None, "the table's definition changed since the baseline"))
            continue
        if wal is not None and wal.untouched and same_without_writes(own, now) and not full_scan:
            reading.append(Read(own, wal, None))
            continue
        try:
            changed = changed_rows(door, table, own, seed, _kept_values(door, window, progress, own))
        except BackupFailed as error:
            reading.append(Read(own, wal, None, error.message))
            continue
        rows = list(look_at_rows(door, table, own, seed, changed, origin)) if changed else []
        reading.append(Read(own, wal, rows))
    return reading


def _tables_now(door: Door, names: list[QualifiedName] | tuple[QualifiedName, ...]) -> dict[QualifiedName, Table]:
    relations = read_relations(door, measured=False)
    return read_tables(door, [relations[name] for name in names if name in relations])


def _kept_values(door: Door, window: str, progress: Progress, own: OwnColumns) -> Iterator[bytes]:
    packed = own_values(door, window, own.table)
    if packed is not None:
        return iter((packed,))
    if progress.backup is None:
        raise BackupFailed("the window has no backup, and what these columns held is in it")
    for stored in load(progress.backup).values:
        if stored.table == own.table:
            return read_content(progress.backup, stored)
    raise BackupFailed(f"{progress.backup} does not hold what these columns of {own.table} held")


@dataclass(frozen=True)
class Circumstances:
    """What decides whether these columns can have travelled, and how dev's values are asked for.

    :ivar look: at the publication, after the rows were read.
    :ivar follows: a sentence where the subscription follows another publication.
    """

    look: PublicationLook | None
    follows: str
    deletes: bool
    read_dev: Callable[[str], Door]


def follows_another(prod: Door, name: str) -> str:
    """A sentence where the subscription follows another publication than its own, ``""`` where not, or it is gone."""
    found = subscriptions.get(prod, name) if name else None
    if found is None or found.publications == (name,):
        return ""
    return f"subscription {name} follows {', '.join(found.publications)}"


def judge(
    reading: list[Read], scope: Scope, seed: int, origins: Origins, about: Circumstances
) -> list[tuple[Read, JudgedColumns]]:
    """The verdict on each table that was read."""
    judged = []
    for one in reading:
        table = scope.table(one.own.table)
        travelled = _may_have_travelled(table.name, about)
        on_dev = _on_dev(one, table, seed, about) if travelled and one.changed else {}
        seen = OwnColumnsSeen(
            table=table.name,
            columns=one.own.names,
            rows=None if one.changed is None else [_changed_row(one.own, row, on_dev) for row in one.changed],
            may_have_travelled=travelled,
            renewed=about.deletes and (one.wal is None or any(writes.deleted for writes in one.wal.ours)),
            wal=one.wal,
            unread=one.unread,
        )
        judged.append((one, judge_own_columns(seen, origins)))
    return judged


def _may_have_travelled(table: QualifiedName, about: Circumstances) -> str:
    if about.look is None or not about.look.whole:
        return "the publication could not be looked at to the end"
    altered = [str(one) for one in about.look.differences if one.may_have_sent(table)]
    return "; ".join(altered) or about.follows


def _on_dev(one: Read, table: ContentTable, seed: int, about: Circumstances) -> dict[int, tuple[int | None, ...]]:
    keys = [row.key_hash for row in one.changed or ()]
    try:
        with about.read_dev("production-columns") as dev:
            there = _tables_now(dev, [table.name]).get(table.name)
            has_key = there is not None and all(there.column(name) for name in table.key)
            return values_on(dev, table, one.own, seed, there, keys) if there is not None and has_key else {}
    except (ServerUnavailable, PreflightFailed):  # then nobody knows, and that is not better than unproven
        return {}


def _changed_row(own: OwnColumns, row: OwnRow, on_dev: dict[int, tuple[int | None, ...]]) -> ChangedRow:
    dev = on_dev.get(row.key_hash, ())
    like = [number for number in row.changed if number < len(dev) and dev[number] == row.values[number]]
    return ChangedRow(
        key_hash=row.key_hash,
        shown=row.shown,
        origin=None if row.origin == UNKNOWN_ORIGIN else row.origin,
        changed=_names(own, row.changed),
        as_dev=_names(own, like),
    )


def _names(own: OwnColumns, groups: list[int] | tuple[int, ...]) -> tuple[str, ...]:
    return tuple(column.name for number in groups for column in own.groups[number])


def overwritten(judged: list[tuple[Read, JudgedColumns]]) -> tuple[Overwritten, ...]:
    """What a restore needs to know of the values that the window overwrote."""
    found = []
    for one, verdict in judged:
        values = {row.key_hash: row.values for row in one.changed or ()}
        for number, group in enumerate(one.own.groups):
            names = {column.name for column in group}
            keys = [row.key_hash for row, columns in verdict.overwritten if names <= set(columns)]
            if keys:
                found.append(
                    Overwritten(
                        table=one.own.table,
                        columns=group,
                        key_hashes=tuple(keys),
                        value_hashes=tuple(values[key][number] for key in keys),
                    )
                )
    return tuple(found)
