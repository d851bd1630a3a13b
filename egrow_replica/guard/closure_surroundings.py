"""What lies around content: its own shape, event triggers, the controller's schema, sequences."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.guard.closure_atlas import Atlas
from egrow_replica.guard.closure_facts import ContentFact, InheritanceFact, Mode, RelationFact, SequenceFact
from egrow_replica.guard.closure_findings import Finding, describe, failure, refusal, warning
from egrow_replica.guard.closure_lists import TAGS
from egrow_replica.guard.closure_remedies import adopt_sequence, disarm_event_trigger, drop_rule, make_sequence
from egrow_replica.guard.closure_remedies import relation as sql_name
from egrow_replica.guard.closure_walk import Walk


def surroundings(atlas: Atlas) -> Iterator[Finding]:
    """All of it; none depends on the kind of write."""
    for table in atlas.facts.content:
        yield from _shape(atlas, table)
    yield from _event_triggers(atlas)
    yield from _own_schema(atlas)
    yield from _sequences(atlas)


# ------------------------------------------------------------------------------------------------------------- shape


def _shape(atlas: Atlas, table: ContentFact) -> Iterator[Finding]:
    named = atlas.facts.by_name.get(table.name)
    subject = str(table.name)
    if named is None or named.oid != table.oid:
        message = "it is not the table that it was when the window opened: dropped, renamed or made anew"
        yield refusal("relation-changed", subject, message, "Close the window with `disable --no-validate`.")
        return
    for oid in atlas.descendants(table.oid):
        relation = atlas.relations.get(oid)
        if relation is not None:
            yield from _kind(subject, relation, is_partition=oid != table.oid)
        for rule in atlas.rules.get(oid, ()):
            message = f"it has the rule {rule.name}"
            remedy = drop_rule(relation.name, rule) if relation is not None else "Drop it."
            yield refusal("rule", subject, message, remedy)
    yield from _relatives(atlas, table)


def _kind(subject: str, relation: RelationFact, *, is_partition: bool) -> Iterator[Finding]:
    what = f"its partition {relation.name}" if is_partition else "it"
    if relation.kind not in ("r", "p"):
        kind = {"v": "a view", "m": "a materialised view", "f": "a foreign table"}.get(relation.kind, "no table")
        yield refusal("not-a-table", subject, f"{what} is {kind}", "Name the tables themselves.")
    if relation.persistence != "p":
        logged = f"ALTER TABLE {sql_name(relation.name)} SET LOGGED;"
        yield failure("unlogged", subject, f"{what} is not logged, so nothing proves what is written", logged)
    if relation.row_security:
        message = f"{what} has row security: the apply worker refuses such a table, and policies run functions"
        remedy = f"ALTER TABLE {sql_name(relation.name)} DISABLE ROW LEVEL SECURITY;"
        yield failure("row-security", subject, message, remedy)


def _relatives(atlas: Atlas, table: ContentFact) -> Iterator[Finding]:
    """Tables that share rows with it: parents of it or of its partitions, and inheritance children."""
    inside = set(atlas.descendants(table.oid))
    for link in atlas.facts.inheritance:
        if link.child in inside and link.parent not in inside:
            how = "a partition" if link.partition else "an inheritance child"
            message = f"{atlas.show(link.child)} is {how} of {atlas.show(link.parent)}: its rows are rows of that too"
        elif link.parent in inside and link.child not in inside:
            message = f"{atlas.show(link.child)} inherits from it: its rows show in content"
        else:
            continue
        yield refusal("inheritance", str(table.name), message, _part(atlas, link))


def _part(atlas: Atlas, link: InheritanceFact) -> str:
    """Let parent and child go their own ways, rows stay where they are."""
    parent, child = atlas.relations.get(link.parent), atlas.relations.get(link.child)
    if parent is None or child is None:
        return "Content tables must stand alone."
    if link.partition:
        return f"ALTER TABLE {sql_name(parent.name)} DETACH PARTITION {sql_name(child.name)};"
    return f"ALTER TABLE {sql_name(child.name)} NO INHERIT {sql_name(parent.name)};"


# ---------------------------------------------------------------------------------------------------- event triggers


def _event_triggers(atlas: Atlas) -> Iterator[Finding]:
    """Those that our own CREATE and DROP, or our login, would fire: ordinary ones too, our DDL is not replication."""
    for trigger in atlas.facts.event_triggers:
        if trigger.enabled == "D" or (trigger.tags and TAGS.isdisjoint(trigger.tags)):
            continue
        subject = f"event trigger {trigger.name}"
        for mode in (Mode.ORDINARY, Mode.REPLICA):
            if trigger.enabled not in mode.firing:
                continue
            walk = Walk(atlas, mode)
            walk.from_function(subject, trigger.event, trigger.function, trigger.builtin)
            for reached in walk.reached.values():
                finding = describe(atlas, subject, reached)
                yield finding.model_copy(update={"remedy": disarm_event_trigger(trigger)})


# ----------------------------------------------------------------------------------------------------- own schema


def _own_schema(atlas: Atlas) -> Iterator[Finding]:
    """Whoever can put a trigger on the journal runs their own code with our rights."""
    facts = atlas.facts
    own = [one for one in facts.relations if one.name.schema == facts.own_schema]
    oids = {one.oid for one in own}
    for relation in own:
        subject = str(relation.name)
        for message in _planted(atlas, relation, oids):
            remedy = "Find out who made it, then drop it; the journal's tables are the controller's alone."
            yield refusal("own-schema", subject, message, remedy)
        for expression in atlas.expressions.get(relation.oid, ()):
            if expression.functions:
                message = f"{expression.kind} {expression.name} calls a function that is not built in"
                yield refusal("own-schema", subject, message, "Drop it.")


def _planted(atlas: Atlas, relation: RelationFact, own: set[int]) -> Iterator[str]:
    facts = atlas.facts
    if relation.owner != facts.role and not relation.owner_is_trusted:
        yield f"it belongs to {relation.owner}, who can make it do anything"
    for trigger in atlas.triggers.get(relation.oid, ()):
        yield f"it has the trigger {trigger.name}"
    for rule in atlas.rules.get(relation.oid, ()):
        yield f"it has the rule {rule.name}"
    if relation.row_security:
        yield "it has row security"
    if relation.kind not in ("r", "p"):
        yield "it is no table"
    for link in facts.inheritance:
        if relation.oid in (link.child, link.parent) and {link.child, link.parent} - own:
            other = link.parent if link.child == relation.oid else link.child
            yield f"it shares rows with {atlas.show(other)}"
    for key in facts.foreign_keys:
        if key.references == relation.oid and key.table not in own:
            yield f"foreign key {key.name} of {atlas.show(key.table)} refers to it"


# --------------------------------------------------------------------------------------------------------- sequences


def _sequences(atlas: Atlas) -> Iterator[Finding]:
    travelling = {table.oid: frozenset(table.columns) for table in atlas.facts.content}
    for sequence in atlas.facts.sequences:
        root = atlas.partition_roots.get(sequence.relation)
        owner_is_content = sequence.owner is not None and atlas.is_content(sequence.owner)
        user = f"{atlas.show(sequence.relation)}.{sequence.column}"
        if root is None:
            if owner_is_content:
                message = f"{user} takes its values from it too; moving it forward leaves a gap there"
                yield warning("sequence", str(sequence.name), message)
        elif not owner_is_content:
            yield from _foreign_sequence(atlas, user, sequence, sequence.column in travelling[root])


def _foreign_sequence(atlas: Atlas, user: str, sequence: SequenceFact, travels: bool) -> Iterator[Finding]:
    owner, name, relation = sequence.owner, str(sequence.name), atlas.relations.get(sequence.relation)
    whose = f"belongs to {atlas.show(owner)}" if owner is not None else "belongs to no table"
    remedy = "Give the column a sequence of its own."
    if relation is not None:
        give = adopt_sequence if owner is None else make_sequence
        remedy = give(sequence, relation)
    if travels:
        message = f"{user} takes its values from it, and it {whose}: it is not moved past the rows that arrive"
        yield warning("sequence", name, message).model_copy(update={"remedy": remedy})
    elif owner is not None:
        message = f"{user} takes its values from it for every new row, and it {whose}"
        yield refusal("sequence", name, message, remedy)
