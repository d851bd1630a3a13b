"""What WAL says: of our transactions by an allow-list, of every protected table who wrote it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from egrow_replica.evidence.wal_relations import Place, Side, StoredRelation, node_of, owner_of
from egrow_replica.evidence.wal_state import FIRST_NORMAL_NODE, Kind, WalState, Written, lsn_number, merge_ranges
from egrow_replica.model import Model, QualifiedName, TableName

#: What the kinds are called in a sentence.
_VERBS = {
    Kind.INSERT: "inserted",
    Kind.UPDATE: "updated",
    Kind.KEY_UPDATE: "updated with its key",
    Kind.DELETE: "deleted",
    Kind.TRUNCATE: "truncated",
    Kind.SEQUENCE: "moved",
    Kind.OTHER: "written in an unknown way",
    Kind.STORAGE_MADE: "given new storage",
    Kind.STORAGE_GIVEN_UP: "truncated, rewritten or dropped",
}


class OurOrigin(Model):
    """An origin of ours. Numbers are reused: what carries it before ``since`` was somebody else's.

    :ivar window: it is the judged window's own; another's writes in other databases are not this window's affair.
    """

    name: str
    since: str = "0/0"
    window: bool = True


class OurWrite(Model):
    """The first transaction through one of our origins that wrote what it must not; ``what`` it did, in a word.

    :ivar rows: how many rows all transactions of the origin wrote in this way; the same row may be among them twice.
    """

    relation: TableName
    kind: Kind
    rows: int
    what: str
    origin: str
    xid: str
    lsn: str
    at: str | None

    def __str__(self) -> str:
        return f"{self.relation} {self.what} through {self.origin}, transaction {self.xid}, {self.at}, at {self.lsn}"


class OriginWrites(Model):
    """What the transactions of one origin (0: local) did to a table, in rows and in records of the others.

    With ``wal_level = replica`` a TRUNCATE cannot be told from a rewrite: it counts as ``rewritten``.

    :ivar rekeyed: of the ``updated``, those that may have changed a key.
    """

    origin: int
    inserted: int = 0
    updated: int = 0
    rekeyed: int = 0
    deleted: int = 0
    truncated: int = 0
    rewritten: int = 0
    other: int = 0


class TableWrites(Model):
    """What WAL holds about one protected table.

    :ivar ours: what was written through one of our origins.
    :ivar others: committed writes of everybody else.
    :ivar untouched: it is a logged heap, has been there all the time, and no committed record wrote it, its TOAST
        table, or gave it other storage. What needs no heap record (columns, enum labels, partitions) is not looked at.
    :ivar unlogged: why writes of it may be missing from WAL.
    :ivar ranges: the block ranges (:data:`~egrow_replica.evidence.ranges.PAGES` pages each, by number) of its heap on
        which a committed row was written or deleted by anybody; ``None`` where they are not known, or it has other
        storage than it had.
    """

    table: TableName
    oid: int
    ours: tuple[OurWrite, ...] = ()
    others: tuple[OriginWrites, ...] = ()
    untouched: bool
    unlogged: str | None = None
    ranges: frozenset[int] | None = None

    @property
    def explains(self) -> bool:
        """Whether rows can differ by what others did: a TRUNCATE record alone may be of another database's table."""
        return any(one.inserted or one.updated or one.deleted or one.rewritten or one.other for one in self.others)

    @property
    def most_rows_of_ours(self) -> int:
        """How many rows our origins can have written at most: a key that is changed is two."""
        return sum(2 * write.rows if write.kind is Kind.KEY_UPDATE else write.rows for write in self.ours)

    @property
    def gone_by_others(self) -> bool:
        """Whether a row, or its key, can have gone through others."""
        return any(one.deleted or one.rekeyed or one.truncated or one.rewritten or one.other for one in self.others)

    @property
    def gone_by_ours(self) -> bool:
        """The same, of our origins."""
        return any(write.kind not in (Kind.INSERT, Kind.UPDATE) for write in self.ours)


class Streamed(Model):
    """Rows that one of our origins wrote in a content table; ``rekeyed`` of the updates changed the key."""

    table: TableName
    origin: str
    inserted: int = 0
    updated: int = 0
    rekeyed: int = 0
    deleted: int = 0


class ContentWrites(Model):
    """Who wrote a content table, partitions counted with their root.

    :ivar ours: what our origins wrote, ``others`` everybody else.
    :ivar untouched: as of a :class:`TableWrites`.
    """

    table: TableName
    ours: tuple[OriginWrites, ...] = ()
    others: tuple[OriginWrites, ...] = ()
    untouched: bool


class WalFindings(Model):
    """What is known from WAL between ``start`` and ``position``.

    :ivar tables: every protected table that exists, materialised views included, by name.
    :ivar touched: everything that our origins wrote and must not have, tables and others (sequences, large objects).
    :ivar unresolved: what our origins wrote and nobody knows: neither content nor anything else may be assumed.
    :ivar content: who wrote the content tables.
    :ivar kept: content tables of which no row went and no row's key changed, through whomever; they are logged heaps.
    :ivar gap: why something may be missing from what was read; then no table is proved by it.
    """

    start: str
    position: str
    tables: tuple[TableWrites, ...]
    touched: tuple[OurWrite, ...]
    unresolved: tuple[str, ...]
    streamed: tuple[Streamed, ...]
    content: tuple[ContentWrites, ...] = ()
    kept: tuple[TableName, ...] = ()
    gap: str | None = None

    @property
    def proves(self) -> bool:
        """Whether the absence of a write can be relied on."""
        return self.gap is None and not self.unresolved

    def writes_of(self, content: QualifiedName) -> ContentWrites | None:
        """Who wrote a content table; ``None`` where it is not there."""
        return next((one for one in self.content if one.table == content), None)

    def table(self, oid: int) -> TableWrites | None:
        """What is known of a table, ``None`` where it is no protected table with rows of its own now.

        By oid, because names may have changed hands since a snapshot.
        """
        return next((one for one in self.tables if one.oid == oid), None)


class _Judged:
    """The entries of a state, each with the relation it is about."""

    def __init__(self, state: WalState, place: Place, ours: Mapping[int, OurOrigin]) -> None:
        self._state = state
        self.place = place
        self._ours = ours
        self.known = frozenset(state.tables.values())
        self.by_table: dict[int, list[Written]] = defaultdict(list)
        self.touched: dict[int, list[OurWrite]] = defaultdict(list)
        self.unresolved: list[str] = []
        self.streamed: dict[tuple[QualifiedName, str], list[Written]] = defaultdict(list)
        for entry in sorted(state.written, key=lambda one: lsn_number(one.first)):
            self._judge(entry)

    def ours(self, entry: Written) -> OurOrigin | None:
        """Our origin that an entry carries."""
        origin = self._ours.get(entry.origin)
        return origin if origin and lsn_number(entry.last) >= lsn_number(origin.since) else None

    def _judge(self, entry: Written) -> None:
        oid = owner_of(entry.what, self._state, self.place)
        origin = self.ours(entry)
        if entry.kind is Kind.OTHER and self._is_index(entry.what):
            return  # an image of one of its pages says nothing of a row
        if oid is not None:
            self.by_table[oid].append(entry)
        if origin is None or (not origin.window and self._is_elsewhere(entry.what)):
            return
        if oid is None:
            if not self._is_catalog(entry.what) and not self._is_former_content(entry.what):
                self.unresolved.append(_unresolved(entry, origin))
            return
        content = self.place.content_root(oid)
        if content is not None:
            if entry.what not in self._state.parts and self.is_heap(entry.what):
                self.streamed[content, origin.name].append(entry)
        elif self.place.side(oid) is Side.PROTECTED:
            relation = self.place.by_oid.get(oid)
            if relation is None:
                self.unresolved.append(_unresolved(entry, origin))
            else:
                self.touched[oid].append(_our_write(relation.name, entry, origin))

    def _is_index(self, what: str) -> bool:
        relation = self.place.by_storage.get(what)
        return relation is not None and relation.kind == "i"

    def is_heap(self, what: str) -> bool:
        """Whether a storage is a table's own, or an old one of which that is not known."""
        relation = self.place.by_storage.get(what)
        return relation is None or relation.kind == "r"

    def _is_elsewhere(self, what: str) -> bool:
        parts = what.split("/")
        return len(parts) == 3 and parts[1] not in (str(self._state.database), "0")

    def _is_catalog(self, what: str) -> bool:
        """Storage that initdb numbered, of this database or shared; large objects resolve and are not meant."""
        parts = what.split("/")
        mine = len(parts) == 3 and parts[1] in (str(self._state.database), "0")
        return mine and node_of(what) < FIRST_NORMAL_NODE

    def _is_former_content(self, what: str) -> bool:
        """Whether it was a content table's storage in between: made by somebody who had locked nothing else known."""
        for change in self._state.storage:
            if what in change.made:
                known = [oid for oid in change.locked if oid in self.place.by_oid or oid in self.known]
                return bool(known) and all(self.place.side(oid) is Side.CONTENT for oid in known)
        return False


def find(state: WalState, place: Place, ours: Mapping[int, OurOrigin]) -> WalFindings:
    """Judge a state.

    :param place: the relations as they are now, after the reading.
    :param ours: the window's origins by number.
    """
    judged = _Judged(state, place, ours)
    tables = [
        _table(relation, judged, state)
        for relation in place.by_oid.values()
        if relation.kind in ("r", "m") and relation.oid in judged.known and place.side(relation.oid) is Side.PROTECTED
    ]
    return WalFindings(
        start=state.start,
        position=state.position,
        tables=tuple(sorted(tables, key=lambda one: one.table)),
        touched=tuple(write for oid in sorted(judged.touched) for write in judged.touched[oid]),
        unresolved=tuple(judged.unresolved),
        streamed=tuple(_streamed(*key, entries) for key, entries in sorted(judged.streamed.items())),
        content=tuple(_content(judged, state)),
        kept=tuple(sorted(one.name for one in place.by_oid.values() if _keeps_its_rows(one, judged, state))),
        gap=state.early or state.gone,
    )


def _content(judged: _Judged, state: WalState) -> Iterator[ContentWrites]:
    leaves: dict[QualifiedName, list[StoredRelation]] = defaultdict(list)
    for relation in judged.place.by_oid.values():
        root = judged.place.content_root(relation.oid) if relation.kind == "r" else None
        if root is not None:
            leaves[root].append(relation)
    for root, relations in sorted(leaves.items()):
        entries = [entry for one in relations for entry in judged.by_table.get(one.oid, [])]
        ours: dict[int, list[Written]] = defaultdict(list)
        others: dict[int, list[Written]] = defaultdict(list)
        for entry in entries:
            if entry.what not in state.parts and judged.is_heap(entry.what):
                (others if judged.ours(entry) is None else ours)[entry.origin].append(entry)
        yield ContentWrites(
            table=root,
            ours=tuple(_origin_writes(origin, found, state) for origin, found in sorted(ours.items())),
            others=tuple(_origin_writes(origin, found, state) for origin, found in sorted(others.items())),
            untouched=not entries and all(one.logged_heap and one.oid in judged.known for one in relations),
        )


def _keeps_its_rows(relation: StoredRelation, judged: _Judged, state: WalState) -> bool:
    """Whether a content table was only added to, or updated in columns that no foreign key can point at.

    PostgreSQL marks an update KEYS_UPDATED when any column changed that is in a unique index to which a foreign key
    could lead (RelationGetIndexAttrBitmap). What its TOAST table and indexes were written does not matter.
    """
    if not relation.logged_heap or relation.oid not in judged.known:
        return False
    if judged.place.content_root(relation.oid) != relation.name:  # nor one that only has the name now
        return False
    heap = (one for one in judged.by_table.get(relation.oid, []) if one.what not in state.parts)
    return all(one.kind in (Kind.INSERT, Kind.UPDATE) or not judged.is_heap(one.what) for one in heap)


def _table(relation: StoredRelation, judged: _Judged, state: WalState) -> TableWrites:
    entries = judged.by_table.get(relation.oid, [])
    others: dict[int, list[Written]] = defaultdict(list)
    for entry in entries:
        if judged.ours(entry) is None:
            others[entry.origin].append(entry)
    return TableWrites(
        table=relation.name,
        oid=relation.oid,
        unlogged=_unlogged(relation, entries, state),
        ours=tuple(judged.touched.get(relation.oid, ())),
        others=tuple(_origin_writes(origin, found, state) for origin, found in sorted(others.items())),
        untouched=not entries and relation.logged_heap,
        ranges=_ranges(relation, entries, state) if relation.logged_heap else None,
    )


def _unlogged(relation: StoredRelation, entries: Iterable[Written], state: WalState) -> str | None:
    if not relation.logged_heap:
        return "it is unlogged, or of another access method than heap"
    if state.unlogged and any(entry.kind is Kind.STORAGE_GIVEN_UP for entry in entries):
        return "it was rewritten, and storage that is not logged was made in between, which may have been its own"
    return None


def _ranges(relation: StoredRelation, entries: Iterable[Written], state: WalState) -> frozenset[int] | None:
    """On which block ranges rows of a heap came, changed or went; ``None`` where anything else happened to it.

    Its TOAST table does not matter: where a value there changes, the row that points at it is written too.
    """
    ranges: frozenset[int] | None = frozenset()
    for entry in entries:
        if entry.what in state.parts and entry.kind in _ROW_KINDS:
            continue
        of_rows = entry.what == relation.storage and entry.kind in _ROW_KINDS
        ranges = merge_ranges(ranges, entry.ranges if of_rows else None)
    return ranges


def _rows(entries: Iterable[Written], *kinds: Kind) -> int:
    return sum(entry.rows for entry in entries if entry.kind in kinds)


def _origin_writes(origin: int, entries: list[Written], state: WalState) -> OriginWrites:
    heap = [entry for entry in entries if entry.what not in state.parts]
    return OriginWrites(
        origin=origin,
        inserted=_rows(heap, Kind.INSERT),
        updated=_rows(heap, Kind.UPDATE, Kind.KEY_UPDATE),
        rekeyed=_rows(heap, Kind.KEY_UPDATE),
        deleted=_rows(heap, Kind.DELETE),
        truncated=_rows(heap, Kind.TRUNCATE),
        rewritten=_rows(heap, Kind.STORAGE_GIVEN_UP),
        other=_rows(entries, Kind.OTHER) + _rows(heap, Kind.STORAGE_MADE),
    )


def _streamed(table: QualifiedName, origin: str, entries: list[Written]) -> Streamed:
    return Streamed(
        table=table,
        origin=origin,
        inserted=_rows(entries, Kind.INSERT),
        updated=_rows(entries, Kind.UPDATE, Kind.KEY_UPDATE),
        rekeyed=_rows(entries, Kind.KEY_UPDATE),
        deleted=_rows(entries, Kind.DELETE),
    )


def _our_write(relation: QualifiedName, entry: Written, origin: OurOrigin) -> OurWrite:
    return OurWrite(
        relation=relation,
        kind=entry.kind,
        rows=entry.rows,
        what=f"{entry.rows} {_VERBS[entry.kind]}" if entry.kind in _ROW_KINDS else _VERBS[entry.kind],
        origin=origin.name,
        xid=entry.xid or "?",
        lsn=entry.first,
        at=entry.at,
    )


_ROW_KINDS = (Kind.INSERT, Kind.UPDATE, Kind.KEY_UPDATE, Kind.DELETE)


def _unresolved(entry: Written, origin: OurOrigin) -> str:
    return (
        f"{entry.what or 'a record of an unknown kind'} was {_VERBS[entry.kind]} through {origin.name}, "
        f"transaction {entry.xid}, {entry.at}, at {entry.first}: no relation is known to it"
    )
