"""Fingerprints of tables: rows and an order-independent sum of row hashes, with the origins of what is newer."""

from __future__ import annotations

import queue
import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from egrow_replica.catalog import Column, Table, row_hash
from egrow_replica.db import Door, Identifier, query, relation
from egrow_replica.db.expressions import (
    Expression,
    between,
    builtin,
    cast,
    coalesce,
    constant,
    null,
    origin_of,
    value_of,
    when,
)
from egrow_replica.errors import StatementFailed
from egrow_replica.evidence.ranges import NO_PAGE, RangeSum, pages_per_range, stale
from egrow_replica.model import Model, QualifiedName, TableName

#: Stands for an origin that the server does not know: commit data from before tracking was on.
UNKNOWN_ORIGIN = -1
#: Pages that one statement reads, 64 MB of them: how often progress is told, and how soon one can stop.
PAGES_A_STATEMENT = 8192
_INSUFFICIENT_PRIVILEGE = "42501"
_UNDEFINED_TABLE = "42P01"
_EMPTY = RangeSum(rows=0, hash="0")


class TableFingerprint(Model):
    """What a table held in one snapshot.

    :ivar filenode: the storage that the rows were in.
    :ivar hash: decimal digits of the sum of the rows' 64-bit hashes under the window's seed.
    :ivar columns: what was hashed, in order; a later fingerprint is only comparable over the same.
    :ivar ranges: the same sums by block range, each of ``pages_per_range`` pages; none where the table is no heap.
    """

    table: TableName
    oid: int
    filenode: int | None
    rows: int
    hash: str
    columns: tuple[Column, ...]
    pages_per_range: int = 0
    ranges: tuple[RangeSum, ...] = ()


class Measured(Model):
    """A fingerprint with the rows that are newer than a baseline, by origin (0 is a local transaction).

    :ivar read: how many pages were read for it.
    """

    fingerprint: TableFingerprint
    newer: dict[int, int]
    read: int = 0

    def added_to(self, earlier: Measured) -> Measured:
        """This measurement, which was of what an earlier one in the same snapshot had not read."""
        newer = Counter(earlier.newer) + Counter(self.newer)
        return self.model_copy(update={"newer": dict(newer), "read": earlier.read + self.read})


@dataclass(frozen=True)
class Wanted:
    """A table of which a fingerprint is wanted.

    :ivar known: an earlier one over the same columns; its ranges are the ones to measure.
    :ivar written: what of it does not hold any more: ranges of :data:`~egrow_replica.evidence.ranges.PAGES` pages by
        number; ``None``: all of it. Only ever other where the storage is the same.
    """

    table: Table
    columns: tuple[Column, ...]
    known: TableFingerprint | None = None
    written: frozenset[int] | None = None

    @property
    def size(self) -> int:
        """Pages of a range; 0 for a table that is no heap and is read in one piece."""
        pages = self.table.relation.heap_pages
        if pages is None:
            return 0
        return (self.known.pages_per_range if self.known else 0) or pages_per_range(pages)

    @property
    def held(self) -> tuple[RangeSum, ...]:
        """The ranges as they were, where some of them still hold."""
        return self.known.ranges if self.known and self.size and self.written is not None else ()

    @property
    def ranges(self) -> int:
        """How many ranges the table has, those included that it had when it was ``known``."""
        pages = self.table.relation.heap_pages or 0
        return max(1, len(self.held), -(-pages // self.size) if self.size else 1)

    @property
    def unread(self) -> list[int]:
        """The ranges that have to be read, by number."""
        held = len(self.held)
        wrong = stale(self.written or (), self.size) if held else ()
        return [number for number in range(self.ranges) if number >= held or number in wrong]


class _Group(Model):
    first: int
    origin: int | None
    rows: int
    hash: str


@dataclass(frozen=True)
class _Piece:
    """Ranges of a table that one statement reads, and what that adds to the progress in bytes."""

    wanted: Wanted
    numbers: tuple[int, ...]
    bytes: int


@dataclass
class _Found:
    """What was read of one table so far."""

    sums: dict[int, RangeSum] = field(default_factory=dict)
    newer: dict[int, int] = field(default_factory=lambda: defaultdict(int))


def measure(
    doors: Sequence[Door],
    wanted: Iterable[Wanted],
    seed: int,
    since: str | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[QualifiedName, Measured]:
    """Fingerprint tables side by side, the largest first, one connection a thread; all doors see one snapshot.

    :param since: rows of this transaction id and later ones count as newer; ``None``: nothing is looked up,
        because the server does not track commits or there is no baseline yet.
    :param progress: called with the bytes that are done and those of all tables, one call at a time.
    :raises StatementFailed: a table may not be read, or not all of it; never are there fewer rows instead.
    """
    tables = sorted(wanted, key=lambda one: one.table.relation.bytes, reverse=True)
    found: dict[QualifiedName, _Found] = {one.table.name: _Found() for one in tables}
    work = _Work([piece for one in tables for piece in _pieces(one)], found, progress)
    with ThreadPoolExecutor(max_workers=len(doors)) as pool:
        try:
            list(pool.map(lambda door: work.do(door, seed, since), doors))
        except BaseException:
            work.stop()
            raise
    _check_names(doors[0], [one for one in tables if found[one.table.name].sums])
    return {one.table.name: _measured(one, found[one.table.name]) for one in tables}


def _check_names(door: Door, read: Sequence[Wanted]) -> None:
    """See that what was read is what was meant: from its first reading on a lock keeps a table's name.

    :raises StatementFailed: a name led to another table, or to none.
    """
    names = [relation(one.table.name).as_string() for one in read]
    now = dict(zip(names, door.values(query("evidence/named_now"), [names]), strict=False))
    for one, name in zip(read, names, strict=True):
        if now.get(name) != one.table.relation.oid:
            raise StatementFailed(
                f"cannot fingerprint {one.table.name}: it was renamed or made anew while it was read",
                sqlstate=_UNDEFINED_TABLE,
                hint="Try again.",
            )


class _Work:
    """The pieces that wait, shared by the threads."""

    def __init__(
        self, pieces: Sequence[_Piece], found: Mapping[QualifiedName, _Found], progress: Callable[[int, int], None]
    ) -> None:
        self._waiting: queue.SimpleQueue[_Piece] = queue.SimpleQueue()
        for piece in pieces:
            self._waiting.put(piece)
        self._found = found
        self._progress = progress
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._total = sum(piece.bytes for piece in pieces)
        self._done = 0
        progress(0, self._total)

    def stop(self) -> None:
        """Let no thread begin another piece."""
        self._stopped.set()

    def do(self, door: Door, seed: int, since: str | None) -> None:
        """One thread: read a piece after another until none waits."""
        try:
            while not self._stopped.is_set():
                try:
                    piece = self._waiting.get_nowait()
                except queue.Empty:
                    return
                self._take(piece, _read(door, piece, seed, since))
        except BaseException:
            self.stop()
            raise

    def _take(self, piece: _Piece, groups: Iterable[_Group]) -> None:
        size = piece.wanted.size
        with self._lock:
            found = self._found[piece.wanted.table.name]
            found.sums.update(dict.fromkeys(piece.numbers, _EMPTY))
            for group in groups:
                number = group.first // size if size else 0
                known = found.sums[number]
                found.sums[number] = RangeSum(rows=known.rows + group.rows, hash=str(int(known.hash) + int(group.hash)))
                if group.origin is not None:
                    found.newer[group.origin] += group.rows
            self._done += piece.bytes
            self._progress(self._done, self._total)


def _pieces(wanted: Wanted) -> list[_Piece]:
    unread = wanted.unread
    count = max(1, PAGES_A_STATEMENT // wanted.size) if wanted.size else 1
    share = wanted.table.relation.bytes // wanted.ranges
    return [
        _Piece(wanted, tuple(unread[at : at + count]), share * len(unread[at : at + count]))
        for at in range(0, len(unread), count)
    ]


def _read(door: Door, piece: _Piece, seed: int, since: str | None) -> list[_Group]:
    wanted = piece.wanted
    name = wanted.table.name
    statement = query(
        "evidence/fingerprint",
        row_hash=row_hash(wanted.columns, "t", seed),
        origin=cast(null(), "int4") if since is None else origin_of_newer(since),
        table=relation(name),
    )
    first = [number * wanted.size for number in piece.numbers]
    # Behind the last range there is no end: a page that was added since it was measured holds nothing, or too much.
    until = [(n + 1) * wanted.size if n < wanted.ranges - 1 else NO_PAGE for n in piece.numbers]
    try:
        return door.rows(_Group, statement, [first, until])
    except StatementFailed as error:
        raise _explained(error, name, door.role) from None


def _measured(wanted: Wanted, found: _Found) -> Measured:
    held = wanted.held
    sums = tuple(found.sums[number] if number in found.sums else held[number] for number in range(wanted.ranges))
    relation_now = wanted.table.relation
    return Measured(
        fingerprint=TableFingerprint(
            table=wanted.table.name,
            oid=relation_now.oid,
            filenode=relation_now.filenode,
            rows=sum(one.rows for one in sums),
            hash=str(sum(int(one.hash) for one in sums)),
            columns=wanted.columns,
            pages_per_range=wanted.size,
            ranges=sums if wanted.size else (),
        ),
        newer=dict(found.newer),
        read=len(found.sums) * wanted.size,
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


def newer(since: str) -> Expression:
    """Whether the row ``t`` is newer than a transaction id."""
    # Bounded by transaction id, never by time: an origin's timestamps are dev's clock. Both ages are
    # taken against the same moment, each transaction's own; a number computed elsewhere would be too small. The age of
    # a row that was frozen long ago may be negative: it is not newer.
    oldest = builtin("age", cast(constant(since), "xid"))
    return between(builtin("age", value_of("t", "xmin")), constant(0), oldest)


def origin_of_newer(since: str) -> Expression:
    """The origin that wrote the row ``t``, NULL for one that is not newer than a transaction id."""
    return when(newer(since), coalesce(origin_of("t"), constant(UNKNOWN_ORIGIN)))
