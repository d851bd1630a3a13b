"""How tables are defined, in the words in which two servers can be compared and one be changed into the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol, TypeVar

from egrow_replica.catalog.tables import Relation
from egrow_replica.db import Door, query
from egrow_replica.model import Model, QualifiedName


class ColumnDefinition(Model):
    """A live column.

    :ivar type: as SQL writes it, with modifiers; ``base_type`` is what is left of it without domain and modifiers.
    :ivar modifier: the type's or its domain's, -1 where there is none.
    :ivar domain: the domain's name, ``""``: none. ``enum`` likewise, also of an array's elements.
    :ivar never_null: no row has NULL in it: it is NOT NULL, and that was put to every row.
    :ivar collation: only where it is not the type's own.
    """

    relation_oid: int
    name: str
    type: str
    base_type: str
    modifier: int
    domain: str
    enum: str
    enum_labels: tuple[str, ...]
    not_null: bool
    never_null: bool
    default: str | None
    generated: str | None
    identity: str
    collation: str


class Constraint(Model):
    """A CHECK (kind ``c``, with its expression) or an exclusion constraint (``x``).

    :ivar holds: every row passes it; ``enforced``: a row that is written has to.
    """

    relation_oid: int
    name: str
    kind: str
    definition: str
    expression: str | None
    holds: bool
    enforced: bool

    @property
    def demand(self) -> str:
        """What it asks of a row, whether or not the old ones were ever checked."""
        return self.definition.removesuffix(" NOT ENFORCED").removesuffix(" NOT VALID")


class UniqueDefinition(Model):
    """A unique index that is no primary key."""

    relation_oid: int
    name: str
    is_constraint: bool
    definition: str


class Domain(Model):
    """What a domain is made of; ``expressions`` are those of ``checks``, over ``VALUE``."""

    name: str
    type: str
    not_null: bool
    checks: tuple[str, ...]
    check_names: tuple[str, ...]
    expressions: tuple[str, ...]


class Partitioning(Model):
    """How a partitioned table is divided; ``accepted``: what its parts demand of a row, of which one has to hold."""

    relation_oid: int
    key: str
    bounds: tuple[str, ...]
    accepted: tuple[str, ...]


class Definition(Model):
    """Everything of one table that decides whether another server can hold its rows."""

    name: QualifiedName
    columns: tuple[ColumnDefinition, ...]
    constraints: tuple[Constraint, ...]
    uniques: tuple[UniqueDefinition, ...]
    partitioning: Partitioning | None

    def column(self, name: str) -> ColumnDefinition | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


class Definitions(Model):
    """The content tables of one server, the domains that they use, and every type of one's own by name."""

    tables: dict[QualifiedName, Definition]
    domains: dict[str, Domain]
    types: frozenset[str]


class _OfRelation(Protocol):
    @property
    def relation_oid(self) -> int: ...


_Part = TypeVar("_Part", bound=_OfRelation)


def read_definitions(door: Door, relations: Iterable[Relation]) -> Definitions:
    """The definitions of these relations; raises as :meth:`Door.execute`."""
    wanted = list(relations)
    oids = [relation.oid for relation in wanted]
    columns = _by_relation(door.rows(ColumnDefinition, query("catalog/definitions"), [oids]))
    constraints = _by_relation(door.rows(Constraint, query("catalog/constraints"), [oids]))
    uniques = _by_relation(door.rows(UniqueDefinition, query("catalog/unique_definitions"), [oids]))
    partitions = _by_relation(door.rows(Partitioning, query("catalog/partitions"), [oids]))
    return Definitions(
        tables={
            one.name: Definition(
                name=one.name,
                columns=columns[one.oid],
                constraints=constraints[one.oid],
                uniques=uniques[one.oid],
                partitioning=next(iter(partitions[one.oid]), None),
            )
            for one in wanted
        },
        domains={one.name: one for one in door.rows(Domain, query("catalog/domains"), [oids])},
        types=frozenset(door.values(query("catalog/type_names"))),
    )


def _by_relation(parts: Iterable[_Part]) -> defaultdict[int, tuple[_Part, ...]]:
    found: defaultdict[int, tuple[_Part, ...]] = defaultdict(tuple)
    for part in parts:
        found[part.relation_oid] += (part,)
    return found
