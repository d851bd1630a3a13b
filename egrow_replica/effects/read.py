"""Read what the server would do on its own because of a write to content; ``effects.checks`` judges it."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.effects.checks import unread
from egrow_replica.effects.facts import (
    BodyFact,
    ContentFact,
    EffectFacts,
    EventTriggerFact,
    ExpressionFact,
    ForeignKeyFact,
    FunctionFact,
    ImplicitCallsFact,
    InheritanceFact,
    Mode,
    RelationFact,
    RuleFact,
    SequenceFact,
    TriggerFact,
    ViewFact,
)
from egrow_replica.effects.lists import LIBRARIES

#: The controller's schema on production.
OWN_SCHEMA = "egrow_replica"
#: What a window needs: the stream, and our own statements under the replica role.
WINDOW_MODES = (Mode.APPLY, Mode.REPLICA)


def read_effects(door: Door, scope: Scope, *, modes: Iterable[Mode] = WINDOW_MODES) -> EffectFacts:
    """Everything that judging writes to the scope's tables takes.

    A dozen statements; texts of functions and views are read only where one of the modes would run them.

    :param modes: for which the facts are complete; judged in another, what is missing counts as the worst.
    """
    inheritance = door.rows(InheritanceFact, query("effects/inheritance"))
    relations = door.rows(RelationFact, query("effects/relations"))
    own = {one.oid for one in relations if one.name.schema == OWN_SCHEMA}
    content = _with_partitions((table.oid for table in scope.tables), inheritance)
    facts = EffectFacts(
        role=door.role,
        own_schema=OWN_SCHEMA,
        content=tuple(
            ContentFact(name=table.name, oid=table.oid, columns=table.column_names, key=table.key)
            for table in scope.tables
        ),
        relations=tuple(relations),
        inheritance=tuple(inheritance),
        triggers=tuple(door.rows(TriggerFact, query("effects/triggers"))),
        rules=tuple(door.rows(RuleFact, query("effects/rules"))),
        foreign_keys=tuple(door.rows(ForeignKeyFact, query("effects/foreign_keys"))),
        functions=tuple(door.rows(FunctionFact, query("effects/functions"))),
        bodies=(),
        expressions=tuple(door.rows(ExpressionFact, query("effects/expressions"), [sorted(content | own)])),
        views=(),
        event_triggers=tuple(door.rows(EventTriggerFact, query("effects/event_triggers"))),
        sequences=tuple(door.rows(SequenceFact, query("effects/sequences"), [sorted(content)])),
        implicit_calls=door.one(ImplicitCallsFact, query("effects/implicit_calls"), [sorted(LIBRARIES)]),
    )
    return _with_texts(door, facts, tuple(modes))


def _with_texts(door: Door, facts: EffectFacts, modes: tuple[Mode, ...]) -> EffectFacts:
    """Read the texts that would run, and those that they reach, until nothing is missing."""
    asked: set[int] = set()
    while wanted := unread(facts, modes):
        functions, views = wanted.functions - asked, wanted.views - asked
        if not functions and not views:
            break  # gone since the catalog was read: they stay opaque
        asked |= functions | views
        bodies = door.rows(BodyFact, query("effects/bodies"), [sorted(functions)])
        read = door.rows(ViewFact, query("effects/views"), [sorted(views)]) if views else []
        known = {view.relation: view for view in (*facts.views, *read)}
        facts = facts.model_copy(update={"bodies": (*facts.bodies, *bodies), "views": tuple(known.values())})
    return facts


def _with_partitions(oids: Iterable[int], inheritance: Iterable[InheritanceFact]) -> set[int]:
    children: dict[int, list[int]] = {}
    for link in inheritance:
        if link.partition:
            children.setdefault(link.parent, []).append(link.child)
    found: set[int] = set()
    waiting = list(oids)
    while waiting:
        oid = waiting.pop()
        if oid not in found:
            found.add(oid)
            waiting.extend(children.get(oid, ()))
    return found
