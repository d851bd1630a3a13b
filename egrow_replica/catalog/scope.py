"""The content of a window: which columns of which tables travel, and by which key. Fixed when the window opens."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from egrow_replica.catalog.tables import (
    Column,
    ForeignKey,
    OwnedSequence,
    Relation,
    Table,
    UniqueKey,
    read_relations,
    read_tables,
)
from egrow_replica.db import SQL, Composable, Composed, Door, relation
from egrow_replica.db.expressions import Expression, same
from egrow_replica.guard import filter_condition
from egrow_replica.model import Model, QualifiedName, TableName

#: Where the journal is: the one schema whose tables are the controller's.
OWN_SCHEMA = "egrow_replica"


class ContentTable(Model):
    """A content table as the window treats it.

    :ivar columns: the columns that travel: not generated, not production's.
    :ivar key: columns of the replica identity, all among ``columns``.
    :ivar unique_keys: production's other plain unique keys whose columns all travel.
    :ivar stored_columns: production's columns with a value of their own: what a backup keeps.
    :ivar filter: the publication's row filter, only ever with ``publish = ["insert"]``.
    :ivar partitioned: on production; ``partitioned_on_dev`` is unknown in the journal of an earlier version.
    """

    name: TableName
    oid: int
    partitioned: bool
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    unique_keys: tuple[UniqueKey, ...]
    stored_columns: tuple[str, ...]
    production_columns: tuple[str, ...]
    filter: str | None
    partitioned_on_dev: bool | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names of the columns that travel."""
        return tuple(column.name for column in self.columns)

    @property
    def own_columns(self) -> tuple[str, ...]:
        """Names of production's columns that do not travel: their values are production's own."""
        travelling = set(self.column_names)
        return tuple(name for name in self.stored_columns if name not in travelling)

    @property
    def key_columns(self) -> tuple[Column, ...]:
        """The key's columns, in the key's order."""
        return tuple(column for name in self.key for column in self.columns if column.name == name)

    @property
    def source(self) -> Composed:
        """What stands behind FROM, UPDATE or LOCK TABLE: never an inheritance child, always a partition."""
        return SQL("{}{}").format(SQL("" if self.partitioned else "ONLY "), relation(self.name))

    @property
    def dev_source(self) -> Composed:
        """The same on dev, where the table may be partitioned although production's is not: ONLY would find no row."""
        return SQL("{}{}").format(SQL("ONLY " if self.partitioned_on_dev is False else ""), relation(self.name))

    @property
    def arriving(self) -> Composable:
        """The condition that a row ``t`` of dev's passes the publication's filter."""
        return SQL(f"({filter_condition(self.filter, 't')})" if self.filter else "true")

    @property
    def identity_always(self) -> bool:
        """Whether an INSERT has to say OVERRIDING SYSTEM VALUE."""
        return any(column.identity == "a" for column in self.columns)

    def matches(self, left: str, right: str) -> Expression:
        """The condition that two aliases name the same row."""
        return same(self.key, left, right)


class Scope(Model):
    """All content of a window, and what the server promises about it."""

    tables: tuple[ContentTable, ...]
    sequences: tuple[OwnedSequence, ...]
    foreign_keys: tuple[ForeignKey, ...]

    @property
    def names(self) -> tuple[QualifiedName, ...]:
        """The content tables' names, as configured."""
        return tuple(table.name for table in self.tables)

    def table(self, name: QualifiedName) -> ContentTable:
        """The content table of that name; :raises KeyError: there is none."""
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(str(name))


def protected(relations: Iterable[Relation], content: Collection[QualifiedName]) -> list[Relation]:
    """Every table with rows of its own that is not content: users' tables and what nobody classified.

    A partition is what the root of its tree is. What inherits from a content table in another way is protected.
    """
    names = frozenset(content)
    return [
        relation
        for relation in relations
        if relation.holds_rows
        and relation.name not in names
        and relation.partition_root not in names
        and relation.name.schema != OWN_SCHEMA
    ]


def changed_tables(prod: Door, scope: Scope) -> list[QualifiedName]:
    """Content tables that were dropped, renamed or made anew since the scope was fixed, or that lost a column."""
    relations = read_relations(prod, measured=False)
    known = [relations[table.name] for table in scope.tables if table.name in relations]
    found = read_tables(prod, known)
    return [table.name for table in scope.tables if not _is_same(table, found.get(table.name))]


def lost_on_dev(dev: Door, scope: Scope) -> list[QualifiedName]:
    """Content tables that dev has no more under their name, or that lost a column which travels."""
    relations = read_relations(dev, measured=False)
    found = read_tables(dev, [relations[name] for name in scope.names if name in relations])
    return [table.name for table in scope.tables if not _has_columns(table, found.get(table.name))]


def new_on_dev(dev: Door, scope: Scope) -> dict[QualifiedName, tuple[str, ...]]:
    """Columns that dev's content tables have, and that neither travel nor belong to production, by table.

    Where a window opens there are none: production would lack them.
    """
    relations = read_relations(dev, measured=False)
    found = read_tables(dev, [relations[name] for name in scope.names if name in relations])
    return {table.name: new for table in scope.tables if (new := _new_columns(table, found.get(table.name)))}


def _new_columns(table: ContentTable, found: Table | None) -> tuple[str, ...]:
    known = {*table.column_names, *table.production_columns}
    return tuple(one.name for one in found.columns if not one.generated and one.name not in known) if found else ()


def _has_columns(table: ContentTable, found: Table | None) -> bool:
    return found is not None and {column.name for column in found.columns}.issuperset(table.column_names)


def _is_same(table: ContentTable, found: Table | None) -> bool:
    if found is None or found.relation.oid != table.oid:
        return False
    return all(found.column(name) is not None for name in table.stored_columns)


def content_table(
    dev: Table, prod: Table, production_columns: tuple[str, ...], row_filter: str | None
) -> ContentTable | None:
    """What of a table travels; ``None`` where dev has no key to tell rows apart by."""
    key = dev.identity_key
    if key is None:
        return None
    travelling = tuple(
        column
        for column in prod.columns
        if not column.generated and column.name not in production_columns and dev.column(column.name) is not None
    )
    names = {column.name for column in travelling}
    return ContentTable(
        name=prod.name,
        oid=prod.relation.oid,
        partitioned=prod.relation.kind == "p",
        columns=travelling,
        key=key.columns,
        unique_keys=tuple(
            other
            for other in prod.unique_keys
            if other.is_plain and other.columns != key.columns and names.issuperset(other.columns)
        ),
        stored_columns=tuple(column.name for column in prod.columns if not column.generated),
        production_columns=production_columns,
        filter=row_filter,
        partitioned_on_dev=dev.relation.kind == "p",
    )
