"""The relations of a database, their columns, keys, foreign keys, triggers and sequences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from egrow_replica.db import Door, query, relation
from egrow_replica.model import Model, QualifiedName, TableName


class Relation(Model):
    """A table, view or foreign table.

    :ivar filenode: its storage; another one after TRUNCATE, VACUUM FULL, CLUSTER and rewriting ALTER TABLE.
    :ivar kind: ``pg_class.relkind``: r ordinary, p partitioned, v view, m materialised view, f foreign table.
    :ivar persistence: p logged, u unlogged, t temporary.
    :ivar heap_pages: pages of the main fork where the table's access method is heap, and it was measured.
    """

    name: TableName
    oid: int
    filenode: int | None
    kind: str
    persistence: str
    owner: str
    row_security: bool
    replica_identity: str
    is_partition: bool
    partition_root: TableName | None
    has_children: bool
    has_parents: bool
    has_rules: bool
    estimated_rows: int
    bytes: int
    heap_pages: int | None

    @property
    def holds_rows(self) -> bool:
        """An ordinary table: what has a heap of its own."""
        return self.kind == "r"


class Column(Model):
    """A live column.

    :ivar type: as SQL writes it, with modifiers.
    :ivar base_type: name of the built-in type below all domains, ``""`` where it is not built in.
    :ivar identity: a always, d by default, ``""`` none.
    :ivar number: ``pg_attribute.attnum``: another one where a column was dropped and one of its name added.
    """

    relation_oid: int
    name: str
    type: str
    base_type: str
    not_null: bool
    has_default: bool
    generated: bool
    identity: str
    enum_labels: tuple[str, ...]
    number: int = 0


class UniqueKey(Model):
    """A valid unique index. ``is_plain``: over columns only, of all rows."""

    relation_oid: int
    name: str
    is_primary: bool
    is_replica_identity: bool
    immediate: bool
    is_plain: bool
    nulls_equal: bool
    columns: tuple[str, ...]


class ForeignKey(Model):
    """A foreign key, from ``table`` to ``references``.

    :ivar owns: a row of ``table`` goes with the one that it references (ON DELETE CASCADE): it is a part of it.
    """

    name: str
    table: TableName
    references: TableName
    columns: tuple[str, ...]
    referenced_columns: tuple[str, ...]
    partitioned: bool
    references_partitioned: bool
    owns: bool = False  # unknown in the journal of an earlier version


class OwnedSequence(Model):
    """A sequence that belongs to a column."""

    name: TableName
    relation_oid: int
    column: str
    increment: int


class Table(Model):
    """A relation with its columns and unique keys."""

    relation: Relation
    columns: tuple[Column, ...]
    unique_keys: tuple[UniqueKey, ...]

    @property
    def name(self) -> QualifiedName:
        """The relation's name."""
        return self.relation.name

    @property
    def identity_key(self) -> UniqueKey | None:
        """The key by which the server tells rows apart in replication, ``None`` where it has none."""
        wanted = self.relation.replica_identity
        for key in self.unique_keys:
            if (wanted == "d" and key.is_primary) or (wanted == "i" and key.is_replica_identity):
                return key
        return None

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


def read_relations(door: Door, *, measured: bool = True, held: Iterable[int] = ()) -> dict[QualifiedName, Relation]:
    """Every relation that holds or shows rows, by name.

    :param measured: sizes are asked for, which waits for whoever has locked a table; else they are estimates, without
        ``heap_pages``.
    :param held: oids of tables that are not to be waited for.
    """
    parameters = [measured, list(held)]
    return {relation.name: relation for relation in door.rows(Relation, query("catalog/relations"), parameters)}


def partitions_of(
    relations: Mapping[QualifiedName, Relation], roots: Iterable[QualifiedName]
) -> tuple[QualifiedName, ...]:
    """The partitions of these tables, of every level."""
    wanted = set(roots)
    return tuple(one.name for one in relations.values() if one.partition_root in wanted)


def read_tables(door: Door, relations: Iterable[Relation]) -> dict[QualifiedName, Table]:
    """The relations with their columns and unique keys, by name."""
    wanted = list(relations)
    oids = [relation.oid for relation in wanted]
    columns: dict[int, list[Column]] = defaultdict(list)
    for column in door.rows(Column, query("catalog/columns"), [oids]):
        columns[column.relation_oid].append(column)
    keys: dict[int, list[UniqueKey]] = defaultdict(list)
    for key in door.rows(UniqueKey, query("catalog/unique_keys"), [oids]):
        keys[key.relation_oid].append(key)
    return {
        relation.name: Table(
            relation=relation, columns=tuple(columns[relation.oid]), unique_keys=tuple(keys[relation.oid])
        )
        for relation in wanted
    }


def read_foreign_keys(door: Door) -> list[ForeignKey]:
    """Every foreign key of the database."""
    return door.rows(ForeignKey, query("catalog/foreign_keys"))


def read_owned_sequences(door: Door, oids: Iterable[int]) -> list[OwnedSequence]:
    """Sequences that belong to a column of these relations."""
    return door.rows(OwnedSequence, query("catalog/owned_sequences"), [list(oids)])


def read_partition_columns(door: Door, name: QualifiedName) -> tuple[str, ...]:
    """The columns by which a table and its parts are divided; none where it is not partitioned."""
    return tuple(door.values(query("catalog/partition_columns"), [relation(name).as_string()]))
