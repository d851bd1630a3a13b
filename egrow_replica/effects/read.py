"""Read what the server would do on its own because of a write to content; ``effects.checks`` judges it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from egrow_replica.catalog.planned import read_planned_calls
from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.effects.bodies import read_function
from egrow_replica.effects.checks import unread
from egrow_replica.effects.dependencies import read_links
from egrow_replica.effects.facts import (
    FIRST_NORMAL_OID,
    IMPLICIT,
    BodyFact,
    ContentFact,
    EffectFacts,
    EventTriggerFact,
    ForeignKeyFact,
    FunctionFact,
    InheritanceFact,
    Mode,
    ObjectId,
    RelationFact,
    RuleFact,
    SequenceFact,
    TriggerFact,
)

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
    functions = tuple(door.rows(FunctionFact, query("effects/functions")))
    facts = EffectFacts(
        role=door.role,
        own_schema=OWN_SCHEMA,
        content=tuple(
            ContentFact(
                name=table.name, oid=table.oid, columns=table.column_names, key=table.key, own=table.own_columns
            )
            for table in scope.tables
        ),
        relations=tuple(relations),
        inheritance=tuple(inheritance),
        triggers=tuple(door.rows(TriggerFact, query("effects/triggers"))),
        rules=tuple(door.rows(RuleFact, query("effects/rules"))),
        foreign_keys=tuple(door.rows(ForeignKeyFact, query("effects/foreign_keys"))),
        functions=functions,
        bodies=(),
        links=tuple(read_links(door, content | own, altered=_altered(functions))),
        event_triggers=tuple(door.rows(EventTriggerFact, query("effects/event_triggers"))),
        sequences=tuple(door.rows(SequenceFact, query("effects/sequences"), [sorted(content)])),
        planned=tuple(read_planned_calls(door)),
    )
    return _with_texts(door, facts, tuple(modes))


def _altered(functions: Iterable[FunctionFact]) -> list[int]:
    return [one.oid for one in functions if one.oid < FIRST_NORMAL_OID]


def _with_texts(door: Door, facts: EffectFacts, modes: tuple[Mode, ...]) -> EffectFacts:
    """Read the texts that would run, and what they and the relations that they read need, until nothing is missing."""
    asked: set[ObjectId] = set()
    while wanted := unread(facts, modes) - asked:
        asked |= wanted
        functions = {one.oid for one in wanted if one.catalog == "pg_proc"}
        relations = {one.oid for one in wanted if one.catalog == "pg_class"}
        links = read_links(door, relations, functions, implicit=IMPLICIT in wanted, altered=_altered(facts.functions))
        bodies = _texts(door, facts, functions)
        known = dict.fromkeys((*facts.links, *links))
        facts = facts.model_copy(update={"bodies": (*facts.bodies, *bodies), "links": tuple(known)})
    # What is gone since the catalog was read stays unread, and refused; what was only named is not reached.
    reached = tuple(body for body in facts.bodies if ObjectId("pg_proc", body.oid) in asked)
    return facts.model_copy(update={"bodies": reached})


def _texts(door: Door, facts: EffectFacts, functions: set[int]) -> list[BodyFact]:
    """Read texts, and those of all functions that they name, however long the chain is: each look takes a while."""
    named: dict[str, set[int]] = defaultdict(set)
    for function in facts.functions:
        named[function.name.name].add(function.oid)
    languages = {function.oid: function.language for function in facts.functions}
    found: list[BodyFact] = []
    known = {body.oid for body in facts.bodies}
    while functions := functions - known:
        known |= functions
        read = door.rows(BodyFact, query("effects/bodies"), [sorted(functions)])
        found += read
        bodies = [read_function(languages.get(one.oid, ""), one.definition, one.source) for one in read]
        functions = {oid for body in bodies for _, name in body.calls for oid in named.get(name, ())}
    return found


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
