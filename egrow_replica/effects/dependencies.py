"""Follow what the server itself knows of what content needs to run: links from object to object, and what each is."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Set

from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.effects.facts import EffectFacts, Link, ObjectId
from egrow_replica.effects.lists import TEXT_SEARCH
from egrow_replica.model import Model

#: Built-in functions that are immutable and yet may run what is not built in.
_NOT_PURE = sorted(TEXT_SEARCH | {"satisfies_hash_partition"})
#: Sources of links that are no catalog: what they hold stands in another object's definition.
_PARTS = frozenset({"type_default", "pg_partitioned_table"})


class Dependency(Model):
    """An object that a write to content may need to run.

    :ivar catalog: the system catalog that it stands in; with ``oid`` it tells it from every other.
    :ivar kind: as PostgreSQL names it: function, type, trigger …
    :ivar way: the objects that lead to it from a content table or from a routine that would run.
    :ivar definition: the rows of the catalogs that define it; equal as long as nobody changed it.
    :ivar version: ``xmin`` of its own row, so that an ALTER that was taken back shows; ``""`` where maintenance writes
        that row too.
    """

    catalog: str
    oid: int
    kind: str
    identity: str
    way: tuple[str, ...] = ()
    definition: str
    version: str

    @property
    def id(self) -> ObjectId:
        """What tells it from every other."""
        return ObjectId(self.catalog, self.oid)


def read_links(
    door: Door,
    relations: Iterable[int],
    routines: Iterable[int] = (),
    *,
    implicit: bool = False,
    altered: Iterable[int] = (),
) -> list[Link]:
    """Read everything that relations and routines need, one link a row.

    :param implicit: also of what a text may use without naming a function: operators, casts, types.
    :param altered: built-in functions that are no longer what the server was made with.
    """
    values = [sorted(relations), sorted(routines), implicit, _NOT_PURE, sorted(altered)]
    return door.rows(Link, query("effects/dependencies"), values)


def read_dependencies(door: Door, scope: Scope, facts: EffectFacts) -> tuple[Dependency, ...]:
    """Read the definitions of all that a window's writes would run or depend on, in a fixed order.

    What any text might use without naming it is left out, and so is the controller's own schema.
    """
    ways = _ways(facts, {table.oid for table in scope.tables})
    wanted = [one for one in ways if one.catalog not in _PARTS]
    found = door.rows(
        Dependency, query("effects/definitions"), [[one.catalog for one in wanted], [one.oid for one in wanted]]
    )
    names = {one.id: one.identity for one in found}
    shown = {one: tuple(names[step] for step in way if step in names) for one, way in ways.items()}
    return tuple(one.model_copy(update={"way": shown[one.id]}) for one in found)


def _ways(facts: EffectFacts, content: Set[int]) -> dict[ObjectId, tuple[ObjectId, ...]]:
    """Return the shortest way to each object, itself left out: from content where one leads there."""
    onward: dict[ObjectId, list[ObjectId]] = defaultdict(list)
    own = {one.oid for one in facts.relations if one.name.schema == facts.own_schema}
    starts = [ObjectId("pg_class", oid) for oid in sorted(content)]
    for link in facts.links:
        onward[link.source].append(link.target)
        if link.kind == "start" and not (link.catalog == "pg_class" and link.oid in own | content):
            starts.append(link.target)
    ways: dict[ObjectId, tuple[ObjectId, ...]] = {}
    for start in starts:
        waiting: deque[tuple[ObjectId, tuple[ObjectId, ...]]] = deque([(start, ())])
        while waiting:
            one, way = waiting.popleft()
            if one not in ways:
                ways[one] = way
                waiting.extend((target, (*way, one)) for target in onward[one])
    return ways
