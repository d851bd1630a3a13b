"""What the stream's rows go into: a content table, or each of its partitions."""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from egrow_replica.catalog import Column, ContentTable, Scope, Table, read_relations, read_tables
from egrow_replica.db import SQL, Composed, Door, Identifier, columns, query, relation
from egrow_replica.model import Model, QualifiedName, TableName

#: Values are drawn: one that suits a check, is free and lies within a partition may take some.
TRIES, TRIES_OF_PARTITION = 12, 40


class Trigger(Model):
    """A trigger that fires under replication; ``columns`` as ``UPDATE OF`` names them."""

    relation_oid: int
    name: str
    function: str
    for_each_row: bool
    columns: tuple[str, ...]


class _Unique(Model):
    relation_oid: int
    columns: tuple[str, ...]


class _Demand(Model):
    relation_oid: int
    name: str
    definition: str


class _Found(Model):
    name: TableName
    oid: int
    table_oid: int
    bounds: str
    partition_columns: tuple[str, ...]


@dataclass(frozen=True)
class Heap:
    """A table that is not divided, or a partition that holds rows.

    :ivar content: the content table that it is, or belongs to.
    :ivar table: itself, with its columns.
    :ivar bounds: which rows are its own, as ``CREATE TABLE … PARTITION OF`` writes it; ``""``: all.
    :ivar unique: the columns that take part in the key, or in whatever else no two rows may share.
    :ivar constants: those in the checks of a column, which may be the few values that it takes.
    """

    content: ContentTable
    table: Table
    bounds: str
    partition_columns: tuple[str, ...]
    triggers: tuple[Trigger, ...]
    unique: frozenset[str]
    constants: Mapping[str, list[str]]

    @property
    def name(self) -> QualifiedName:
        """Its name."""
        return self.table.name

    @property
    def is_partition(self) -> bool:
        """Whether it holds only a part of the content table's rows."""
        return bool(self.partition_columns)

    @property
    def columns(self) -> list[Column]:
        """The columns that travel, as they are defined here."""
        travelling = set(self.content.column_names)
        return [column for column in self.table.columns if column.name in travelling]

    @property
    def settable(self) -> list[Column]:
        """Those that an UPDATE may give a value; the stream alone can write an identity that is always generated."""
        return [column for column in self.columns if column.identity != "a"]

    @property
    def tries(self) -> int:
        """How often a value is drawn before it is given up."""
        return TRIES_OF_PARTITION if self.is_partition else TRIES

    def inside(self) -> list[str]:
        """Values of the one partition column that lie within the bounds, as far as they can be read off."""
        found = _constants(self.bounds)
        numbers = [int(value) for value in found if re.fullmatch(r"-?\d{1,18}", value)]
        if self.bounds.startswith("FOR VALUES FROM") and len(numbers) == 2 and numbers[0] < numbers[1]:
            return [str(numbers[0] + secrets.randbelow(numbers[1] - numbers[0]))]
        return found[:1] if self.bounds.startswith("FOR VALUES FROM") else found

    # ------------------------------------------------------------------------------------------------------ statements

    def first_row(self) -> Composed:
        """Hold a row."""
        key = columns(self.content.key, "t")
        return query("rehearsal/first_row", table=relation(self.name), values=self._values(), key=key)

    def last_row(self) -> Composed:
        """Read another one."""
        backwards = SQL(", ").join(SQL("{} DESC").format(Identifier("t", name)) for name in self.content.key)
        return query("rehearsal/last_row", table=relation(self.name), values=self._values(), backwards=backwards)

    def insert(self, *, routed: bool = False) -> Composed:
        """Add a row; its values are ``$1`` and so on.

        :param routed: by way of the whole table, which finds out what partition it belongs to.
        """
        names = [column.name for column in self.columns]
        return query(
            "rehearsal/insert_row",
            table=relation(self.content.name if routed else self.name),
            columns=columns(names),
            values=_parameters(names, 1),
            overriding=SQL("OVERRIDING SYSTEM VALUE" if self.content.identity_always else ""),
        )

    def write_anew(self) -> Composed:
        """Give every column the value that it has; the row is ``$1``."""
        return self._update(
            SQL("{} = {}").format(Identifier(column.name), Identifier("t", column.name)) for column in self.settable
        )

    def change(self, changed: Iterable[str]) -> Composed:
        """Give these columns the values ``$2`` and so on, and every other one that it has; the row is ``$1``."""
        names = list(changed)
        own = [column.name for column in self.settable if column.name not in names]
        return self._update(
            (
                *(SQL("{} = {}").format(Identifier(name), SQL(f"${n}")) for n, name in enumerate(names, 2)),
                *(SQL("{} = {}").format(Identifier(name), Identifier("t", name)) for name in own),
            )
        )

    def delete(self) -> Composed:
        """Remove the row ``$1``."""
        return query("rehearsal/delete_row", table=relation(self.name))

    def _update(self, assignments: Iterable[Composed]) -> Composed:
        return query("rehearsal/update_row", table=relation(self.name), assignments=SQL(", ").join(assignments))

    def _values(self) -> Composed:
        texts = SQL(", ").join(
            SQL("{}::pg_catalog.text").format(Identifier("t", column.name)) for column in self.columns
        )
        return SQL("ARRAY[{}]").format(texts)


def _parameters(names: list[str], first: int) -> Composed:
    return SQL(", ").join(SQL(f"${number}") for number in range(first, first + len(names)))


def read_heaps(door: Door, scope: Scope) -> list[Heap]:
    """What rows of content go into on production, table by table."""
    found = door.rows(_Found, query("rehearsal/heaps"), [[table.oid for table in scope.tables]])
    relations = read_relations(door, measured=False)
    tables = read_tables(door, [relations[one.name] for one in found])
    oids = [one.oid for one in found]
    triggers: dict[int, list[Trigger]] = defaultdict(list)
    for trigger in door.rows(Trigger, query("rehearsal/triggers"), [oids]):
        triggers[trigger.relation_oid].append(trigger)
    unique: dict[int, set[str]] = defaultdict(set)
    for index in door.rows(_Unique, query("rehearsal/unique_columns"), [oids]):
        unique[index.relation_oid].update(index.columns)
    constants: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for demand in door.rows(_Demand, query("rehearsal/checks"), [oids]):
        constants[demand.relation_oid][demand.name] += _constants(demand.definition)
    content = {table.oid: table for table in scope.tables}
    return [
        Heap(
            content=content[one.table_oid],
            table=tables[one.name],
            bounds=one.bounds,
            partition_columns=one.partition_columns,
            triggers=tuple(triggers[one.oid]),
            unique=frozenset(unique[one.oid]).union(content[one.table_oid].key),
            constants=constants[one.oid],
        )
        for one in found
    ]


def _constants(expression: str) -> list[str]:
    """The texts and numbers that an expression holds."""
    found = re.findall(r"'((?:[^']|'')*)'|(?<![\w.\"])(-?\d+(?:\.\d+)?)", expression)
    return [number or text.replace("''", "'") for text, number in found]
