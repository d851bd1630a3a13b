"""Fingerprints of tables: rows and an order-independent sum of row hashes, with the origins of what is newer."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from egrow_replica.catalog import Column, Table, row_hash
from egrow_replica.db import SQL, Composed, Door, Identifier, Literal, query, relation
from egrow_replica.errors import StatementFailed
from egrow_replica.model import Model, QualifiedName, TableName

#: Stands for an origin that the server does not know: commit data from before tracking was on.
UNKNOWN_ORIGIN = -1
_INSUFFICIENT_PRIVILEGE = "42501"


class TableFingerprint(Model):
    """What a table held in one snapshot.

    :ivar filenode: the storage that the rows were in.
    :ivar hash: decimal digits of the sum of the rows' 64-bit hashes under the window's seed.
    :ivar columns: what was hashed, in order; a later fingerprint is only comparable over the same.
    """

    table: TableName
    oid: int
    filenode: int | None
    rows: int
    hash: str
    columns: tuple[Column, ...]


class Measured(Model):
    """A fingerprint with the rows that are newer than a baseline, by origin (0 is a local transaction)."""

    fingerprint: TableFingerprint
    newer: dict[int, int]


class _Group(Model):
    origin: int | None
    rows: int
    hash: str


def measure(
    door: Door,
    table: QualifiedName,
    oid: int,
    columns: tuple[Column, ...],
    seed: int,
    since: str | None,
    *,
    filenode: int | None = None,
) -> Measured:
    """Fingerprint one table in the door's snapshot.

    :param since: rows of this transaction id and later ones count as newer; ``None``: nothing is looked up,
        because the server does not track commits or there is no baseline yet.
    :raises StatementFailed: the table may not be read, or not all of it; never are there fewer rows instead.
    """
    statement = query(
        "evidence/fingerprint",
        row_hash=row_hash(columns, "t", seed),
        origin=SQL("NULL::pg_catalog.int4") if since is None else origin_of_newer(since),
        table=relation(table),
    )
    try:
        groups = door.rows(_Group, statement)
    except StatementFailed as error:
        raise _explained(error, table, door.role) from None
    return Measured(
        fingerprint=TableFingerprint(
            table=table,
            oid=oid,
            filenode=filenode,
            rows=sum(group.rows for group in groups),
            hash=str(sum(int(group.hash) for group in groups)),
            columns=columns,
        ),
        newer={group.origin: group.rows for group in groups if group.origin is not None},
    )


def _explained(error: StatementFailed, table: QualifiedName, role: str) -> StatementFailed:
    hint = error.hint
    if error.sqlstate == _INSUFFICIENT_PRIVILEGE:
        grantee = Identifier(role).as_string()
        hint = (
            f"GRANT SELECT ON {relation(table).as_string()} TO {grantee};"
            f" where row security hides rows, also ALTER ROLE {grantee} BYPASSRLS."
        )
    return StatementFailed(f"cannot fingerprint {table}: {error.message}", sqlstate=error.sqlstate, hint=hint)


def origin_of_newer(since: str) -> Composed:
    """The origin that wrote the row ``t``, NULL for one that is not newer than a transaction id."""
    # Bounded by transaction id, never by time: an origin's timestamps are dev's clock. Both ages are
    # taken against the same moment, each transaction's own; a number computed elsewhere would be too small. The age of
    # a row that was frozen long ago may be negative: it is not newer.
    return SQL(
        "CASE WHEN pg_catalog.age(t.xmin) BETWEEN 0 AND pg_catalog.age({}::pg_catalog.xid)"
        " THEN COALESCE((pg_catalog.pg_xact_commit_timestamp_origin(t.xmin)).roident::pg_catalog.int8, {}) END"
    ).format(Literal(since), SQL(str(UNKNOWN_ORIGIN)))


def measure_all(
    doors: Sequence[Door],
    tables: Sequence[Table],
    columns_of: Callable[[Table], tuple[Column, ...]],
    seed: int,
    since: str | None,
    progress: Callable[[int, int], None],
) -> dict[QualifiedName, Measured]:
    """Fingerprint tables side by side, the largest first, one connection a thread; all doors see one snapshot.

    :param progress: called with the bytes that are done and those of all tables, one call at a time.
    """
    total, done_bytes, lock = sum(table.relation.bytes for table in tables), 0, threading.Lock()
    progress(0, total)

    def advance(size: int) -> None:
        nonlocal done_bytes
        with lock:
            done_bytes += size
            progress(done_bytes, total)

    waiting: queue.SimpleQueue[Table] = queue.SimpleQueue()
    for table in sorted(tables, key=lambda one: one.relation.bytes, reverse=True):
        waiting.put(table)

    def work(door: Door) -> list[Measured]:
        done: list[Measured] = []
        while True:
            try:
                table = waiting.get_nowait()
            except queue.Empty:
                return done
            found = table.relation
            columns = columns_of(table)
            done.append(measure(door, table.name, found.oid, columns, seed, since, filenode=found.filenode))
            advance(found.bytes)

    with ThreadPoolExecutor(max_workers=len(doors)) as pool:
        results = list(pool.map(work, doors))
    return {measured.fingerprint.table: measured for part in results for measured in part}
