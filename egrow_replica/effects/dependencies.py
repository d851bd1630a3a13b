"""Follow what the server itself knows of what content needs to run: links from object to object, and what each is."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable

from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.effects.facts import EffectFacts, Link, Mode, ObjectId
from egrow_replica.effects.lists import TEXT_SEARCH
from egrow_replica.model import Model

#: Built-in functions that are immutable and yet may run what is not built in.
_NOT_PURE = sorted(TEXT_SEARCH | {"satisfies_hash_partition"})
#: Where every way begins.
_START = ObjectId("", 0)
#: Sources of links that are no catalog: what they hold stands in another object's definition.
_PARTS = frozenset({"type_default", "pg_partitioned_table"})


class Dependency(Model):
    """An object that a write to content may need to run.

    :ivar catalog: the system catalog that it stands in; with ``oid`` it tells it from every other.
    :ivar kind: as PostgreSQL names it: function, type, trigger …
    :ivar way: the objects that lead to it from a content table or from a routine that would run.
    :ivar definition: the rows of the catalogs that define it; equal as long as nobody changed it.
    """

    catalog: str
    oid: int
    kind: str
    identity: str
    way: tuple[str, ...] = ()
    definition: str

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
    """Read what all that a window's writes would run depends on, with its definition, in a fixed order."""
    replicated = Mode.REPLICA.firing
    routines = {body.oid for body in facts.bodies} | {one.function for one in facts.event_triggers}
    routines |= {one.function for one in facts.triggers if one.enabled in replicated}
    relations = {table.oid for table in scope.tables} | {view.relation for view in facts.views}
    ways = _ways(read_links(door, relations, routines))
    wanted = [one for one in ways if one.catalog not in _PARTS]
    found = door.rows(
        Dependency, query("effects/definitions"), [[one.catalog for one in wanted], [one.oid for one in wanted]]
    )
    names = {one.id: one.identity for one in found}
    shown = {one: tuple(names[step] for step in way if step in names) for one, way in ways.items()}
    return tuple(one.model_copy(update={"way": shown[one.id]}) for one in found)


def _ways(links: Iterable[Link]) -> dict[ObjectId, tuple[ObjectId, ...]]:
    """The shortest way to each object, itself left out."""
    onward: dict[ObjectId, list[ObjectId]] = defaultdict(list)
    for link in links:
        onward[link.source].append(link.target)
    ways: dict[ObjectId, tuple[ObjectId, ...]] = {}
    for start in sorted(onward[_START]):  # relations before routines
        waiting: deque[tuple[ObjectId, tuple[ObjectId, ...]]] = deque([(start, ())])
        while waiting:
            one, way = waiting.popleft()
            if one not in ways:
                ways[one] = way
                waiting.extend((target, (*way, one)) for target in onward[one])
    return ways
