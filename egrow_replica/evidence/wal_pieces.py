"""One piece of WAL after another taken into a state. Pure: rows come in, a state goes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from egrow_replica.evidence.wal_state import (
    MOST_RANGES,
    Kind,
    OpenWrite,
    Prepared,
    StorageChange,
    WalState,
    Written,
    lsn_number,
    merge_ranges,
    merge_written,
    precedes,
    storage_of_path,
    truncated_tables,
)
from egrow_replica.model import Model

#: Transactions without an origin: the application's.
LOCAL = 0
#: From how many rows by one transaction on one page on it is cheaper to group records at once than to keep each.
WORTH_GROUPING = 4
_PATHS = (Kind.STORAGE_MADE, Kind.STORAGE_GIVEN_UP)


class PieceRow(Model):
    """A row of ``wal_chunk.sql``; ``sort`` says which of the others mean something."""

    sort: str
    origin: int | None
    xid: str | None
    kind: str | None
    what: str | None
    rows: int | None
    ranges: list[int | None] | None
    first: str | None
    last: str | None
    at: str | None


class _End(Model):
    top: str
    committed: bool
    origins: frozenset[int]
    at: str | None


class Pieces:
    """A state in the making.

    :param followed: oids of the relations whose change of storage is to be kept.
    :ivar position: where the last record that was taken in ends.
    :ivar alike: whether many records of the last piece were alike, as those of the next probably are.
    """

    def __init__(self, state: WalState, followed: Iterable[str]) -> None:
        self._state = state
        self._followed = frozenset(map(int, followed))
        self._written = list(state.written)
        self._open = {(one.xid, one.kind, one.what): one for one in state.open}
        self._prepared = {one.xid: one.origin for one in state.prepared}
        self._storage = {one.xid: one for one in state.storage}
        self.position = state.position
        self._records = state.records
        self._early = state.early
        self._unlogged = state.unlogged
        self.alike = False

    @property
    def open_transactions(self) -> list[str]:
        """Transactions and sub-transactions that are not over where the last piece ends."""
        return sorted({xid for xid, _, _ in self._open} | set(self._prepared))

    @property
    def open_writes(self) -> int:
        """How much has to be carried over to the next piece."""
        return len(self._open)

    def take(self, rows: Iterable[PieceRow]) -> bool:
        """Take one piece in; ``False`` where it held no whole record."""
        by_sort: dict[str, list[PieceRow]] = defaultdict(list)
        for row in rows:
            by_sort[row.sort].append(row)
        (position,) = by_sort["position"]
        if position.last is None:
            return False
        self.position = position.last
        self._records += position.rows or 0
        (groups,) = by_sort["groups"]
        self.alike = (position.rows or 0) > WORTH_GROUPING * (groups.rows or 0)
        self._end(by_sort["ended"])
        for row in by_sort["written"]:
            self._written += _written(row)
        # Only storage that is not logged has an init fork (storage.c).
        made = (row for sort in ("written", "open") for row in by_sort[sort] if row.kind == Kind.STORAGE_MADE)
        self._unlogged = self._unlogged or any((row.what or "").endswith("_init") for row in made)
        for row in by_sort["open"]:
            self._carry(row)
        for row in by_sort["prepared"]:
            self._prepared[_there(row.xid)] = row.origin or LOCAL
        for row in by_sort["storage"]:
            self._change_storage(_there(row.xid), Kind(_there(row.kind)), _there(row.what))
        for row in by_sort["early"]:
            self._early = self._early or (
                f"transaction {row.xid} began before the baseline and committed at {row.first}, after it was settled"
            )
        self._forget_dead(by_sort["running"])
        self._written = list(merge_written(self._written).values())
        return True

    def _end(self, rows: list[PieceRow]) -> None:
        ends: dict[str, _End] = {}
        for row in rows:
            xid = _there(row.xid)
            origins = {row.origin or LOCAL, *(ends[xid].origins if xid in ends else ())}
            if xid in self._prepared:
                origins.add(self._prepared[xid])
            ends[xid] = _End(
                top=_there(row.what), committed=row.kind == "commit", origins=frozenset(origins), at=row.at
            )
        for key, write in list(self._open.items()):
            if write.xid in ends:
                del self._open[key]
                self._apply(write, ends[write.xid])
        for xid in ends:
            self._prepared.pop(xid, None)

    def _apply(self, write: OpenWrite, end: _End) -> None:
        if end.committed and write.kind in (Kind.LOCK, Kind.STORAGE_MADE):
            self._change_storage(end.top, write.kind, write.what)
        if write.kind is Kind.LOCK or not (end.committed or write.kind is Kind.SEQUENCE):
            return
        for origin in end.origins:
            if origin == LOCAL and (write.kind is Kind.SEQUENCE or self._elsewhere(write.what)):
                continue
            self._written.append(
                Written(
                    origin=origin,
                    kind=write.kind,
                    what=write.what,
                    rows=write.rows,
                    first=_there(write.first),
                    last=_there(write.last),
                    ranges=write.ranges,
                    xid=end.top if origin != LOCAL else None,
                    at=end.at if origin != LOCAL else None,
                )
            )

    def _elsewhere(self, what: str) -> bool:
        """Whether a storage is another database's; only our origins are of interest there."""
        parts = what.split("/")
        return len(parts) == 3 and parts[1] != str(self._state.database)

    def _carry(self, row: PieceRow) -> None:
        xid, kind = _there(row.xid), Kind(_there(row.kind))
        for what in _storages(kind, _there(row.what)):
            known = self._open.get((xid, kind, what))
            self._open[xid, kind, what] = OpenWrite(
                xid=xid,
                kind=kind,
                what=what,
                rows=(row.rows or 0) + (known.rows if known else 0),
                first=known.first if known else row.first,
                last=row.last,
                ranges=merge_ranges(known.ranges, _ranges(row)) if known else _ranges(row),
            )

    def _change_storage(self, xid: str, kind: Kind, what: str) -> None:
        change = self._storage.get(xid) or StorageChange(xid=xid)
        more: dict[str, object]
        if kind is Kind.LOCK:
            more = {"locked": tuple(sorted({*change.locked, int(what)}))}
        elif kind is Kind.STORAGE_MADE:
            more = {"made": tuple(sorted({*change.made, storage_of_path(what)}))}
        else:
            more = {"given_up": tuple(sorted({*change.given_up, *map(storage_of_path, what.split())}))}
        self._storage[xid] = change.model_copy(update=more)

    def _forget_dead(self, rows: list[PieceRow]) -> None:
        """Drop transactions that ended without a record: the server was killed."""
        if not rows:
            return
        latest = max(rows, key=lambda row: lsn_number(_there(row.last)))
        oldest, at = _there(latest.xid), lsn_number(_there(latest.last))
        for key, write in list(self._open.items()):
            if precedes(write.xid, oldest) and lsn_number(write.last or "0/0") < at:
                del self._open[key]
        for xid in [xid for xid in self._prepared if precedes(xid, oldest)]:
            del self._prepared[xid]

    def state(self, tables: dict[str, int], parts: dict[str, int]) -> WalState:
        """The state after the last piece.

        :param tables: storage to table as catalogs have it now, and ``parts``: added to what is known.
        """
        known = {**self._state.tables, **tables}, {**self._state.parts, **parts}
        return self._state.model_copy(
            update={
                "position": self.position,
                "records": self._records,
                "early": self._early,
                "unlogged": self._unlogged,
                "written": tuple(one for one in self._written if one.origin != LOCAL or _is_known(one.what, *known)),
                "open": tuple(self._open.values()),
                "prepared": tuple(Prepared(xid=xid, origin=origin) for xid, origin in self._prepared.items()),
                "storage": tuple(
                    one for one in self._storage.values() if one.made and self._followed.intersection(one.locked)
                ),
                "tables": known[0],
                "parts": known[1],
            }
        )


def _is_known(what: str, tables: dict[str, int], parts: dict[str, int]) -> bool:
    """Whether what the application wrote is of any table: what is not was made and dropped, or an old storage."""
    return what in tables or what in parts or what.startswith("oid:") or what.count("/") != 2


def _storages(kind: Kind, what: str) -> list[str]:
    if kind in _PATHS:
        return [storage_of_path(what)]
    return truncated_tables(what) if kind is Kind.TRUNCATE else [what]


def _written(row: PieceRow) -> list[Written]:
    kind = Kind(_there(row.kind))
    return [
        Written(
            origin=row.origin or LOCAL,
            kind=kind,
            what=what,
            rows=row.rows or 0,
            first=_there(row.first),
            last=_there(row.last),
            ranges=_ranges(row),
            xid=row.xid,
            at=row.at,
        )
        for what in _storages(kind, _there(row.what))
    ]


def _ranges(row: PieceRow) -> frozenset[int] | None:
    """The block ranges that a row names; one that has none in it stands for a record that did not say."""
    found = frozenset(one for one in row.ranges or (None,) if one is not None)
    return None if row.ranges is None or None in row.ranges or len(found) > MOST_RANGES else found


def _there(value: str | None) -> str:
    """A column that rows of this sort always have."""
    assert value is not None
    return value
