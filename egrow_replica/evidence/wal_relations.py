"""Which relation a storage belongs to, and whether a transaction of ours may write it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from egrow_replica.catalog import OWN_SCHEMA, Scope
from egrow_replica.db import Door, query
from egrow_replica.evidence.wal_state import FIRST_NORMAL_NODE, WalState
from egrow_replica.model import Model, QualifiedName, TableName

_SYSTEM_SCHEMAS = frozenset({"pg_catalog", "information_schema"})
#: Catalogs that hold users' data: large objects.
_USER_DATA = frozenset({QualifiedName("pg_catalog", "pg_largeobject")})


class StoredRelation(Model):
    """A relation that has storage of its own, now.

    :ivar kind: ``pg_class.relkind``: r table, t TOAST table, i index, S sequence, m materialised view.
    :ivar storage: ``tablespace/database/filenode``.
    :ivar table_oid: the table whose TOAST table or index this is, else the relation itself; ``table`` its name.
    :ivar logged_heap: a table whose every change of a row is in WAL.
    :ivar root_oid: the root of the partition tree that the table is in.
    """

    oid: int
    name: TableName
    kind: str
    storage: str
    logged_heap: bool
    table_oid: int
    table: TableName
    root_oid: int | None


class Side(Enum):
    """On which side of the allow-list a relation is."""

    CONTENT = "content"
    OWN = "own"
    PROTECTED = "protected"


class Place:
    """The relations as they are now, and what of them our transactions may write."""

    def __init__(self, relations: Iterable[StoredRelation], scope: Scope) -> None:
        self.by_oid = {relation.oid: relation for relation in relations}
        self.by_storage = {relation.storage: relation for relation in self.by_oid.values()}
        self._content = {table.oid: table.name for table in scope.tables}
        self._sequences = {sequence.name for sequence in scope.sequences}

    def content_root(self, table_oid: int) -> QualifiedName | None:
        """The content table that a table is, or is a partition of."""
        relation = self.by_oid.get(table_oid)
        root = relation.root_oid if relation and relation.root_oid else table_oid
        return self._content.get(table_oid) or self._content.get(root)

    def side(self, oid: int) -> Side:
        """Where a relation stands; one that is gone and was no content is protected."""
        relation = self.by_oid.get(oid)
        if self.content_root(relation.table_oid if relation else oid) is not None:
            return Side.CONTENT
        if relation is None:
            return Side.PROTECTED
        if relation.kind == "S" and relation.name in self._sequences:
            return Side.CONTENT
        if relation.table in _USER_DATA:
            return Side.PROTECTED
        own = relation.table.schema == OWN_SCHEMA or relation.table.schema in _SYSTEM_SCHEMAS
        return Side.OWN if own else Side.PROTECTED

    @property
    def followed(self) -> list[str]:
        """Oids of content tables, partitions and their TOAST tables: a change of their storage is followed."""
        return [
            str(relation.oid)
            for relation in self.by_oid.values()
            if relation.kind in ("r", "t") and self.content_root(relation.table_oid) is not None
        ]


def read_place(door: Door, scope: Scope) -> Place:
    """Every relation with storage, indexes and catalogs included, as it is now."""
    return Place(door.rows(StoredRelation, query("evidence/wal_relations")), scope)


def relations_of(door: Door, storages: Iterable[str]) -> dict[str, StoredRelation]:
    """The relations that some storages belong to, by storage; what is gone has none."""
    statement = query("evidence/own_storages", relations=query("evidence/wal_relations"))
    return {found.storage: found for found in door.rows(StoredRelation, statement, [list(storages)])}


def storages(place: Place) -> tuple[dict[str, int], dict[str, int]]:
    """What to remember: storage to table, of tables and sequences, and of parts of tables (TOAST, content's indexes).

    Other indexes are not worth it, and a catalog that still has initdb's storage is known by its number.
    """
    tables: dict[str, int] = {}
    parts: dict[str, int] = {}
    for relation in place.by_oid.values():
        if node_of(relation.storage) < FIRST_NORMAL_NODE:
            continue
        if relation.kind == "t" or (relation.kind == "i" and place.content_root(relation.table_oid) is not None):
            parts[relation.storage] = relation.table_oid
        elif relation.kind != "i":
            tables[relation.storage] = relation.oid
    return tables, parts


def node_of(storage: str) -> int:
    """The filenode's number; the largest there is where ``storage`` is of another form."""
    node = storage.rpartition("/")[2]
    return int(node) if node.isdigit() else 1 << 32


def owner_of(what: str, state: WalState, place: Place) -> int | None:
    """The oid of the relation that a storage belongs, or once belonged, to; a TOAST table's is its table's."""
    if what.startswith("oid:"):
        return int(what.removeprefix("oid:"))
    relation = place.by_storage.get(what)
    if relation is not None:
        return relation.table_oid
    return state.tables.get(what, state.parts.get(what))
