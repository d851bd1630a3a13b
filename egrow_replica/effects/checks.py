"""What a write to content would make the server do on its own, and whether that could reach a user's table.

``effects.read`` reads the facts; everything here is pure. Every way that is not understood is taken for the worst.
Beside what a write sets in motion, the scope checks: content's own shape, event triggers, the controller's schema,
sequences.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from egrow_replica.effects.facts import (
    Command,
    ContentFact,
    EffectFacts,
    InheritanceFact,
    Mode,
    ObjectId,
    RelationFact,
    SequenceFact,
)
from egrow_replica.effects.findings import Finding, describe, failure, merged, refusal, warning
from egrow_replica.effects.hints import adopt_sequence, disarm_event_trigger, drop_rule, make_sequence
from egrow_replica.effects.hints import relation as sql_name
from egrow_replica.effects.index import CatalogIndex
from egrow_replica.effects.trace import Tracer
from egrow_replica.guard.statements import command_tags
from egrow_replica.model import Severity

ALL_COMMANDS = frozenset(Command)
#: What the stream does besides ``delete``, and what reconcile and restore do.
STREAMED = ALL_COMMANDS - {Command.DELETE}
RECONCILED = ALL_COMMANDS - {Command.UPDATE_KEY}


def validate_effects(
    facts: EffectFacts,
    *,
    mode: Mode,
    commands: frozenset[Command] = ALL_COMMANDS,
) -> tuple[Finding, ...]:
    """Everything that these writes to content would set in motion in this mode."""
    index = CatalogIndex(facts)
    return merged(_write_findings(index, mode, commands))


def validate_window(facts: EffectFacts, *, deletes: bool) -> tuple[Finding, ...]:
    """All that concerns a window: the stream, our own writes under the replica role, and what lies around content.

    :param deletes: the publication publishes deletes.
    """
    index = CatalogIndex(facts)
    streamed = ALL_COMMANDS if deletes else STREAMED
    return merged(
        [
            *scope_checks(index),
            *_write_findings(index, Mode.APPLY, streamed),
            *_write_findings(index, Mode.REPLICA, RECONCILED),
        ]
    )


def unread(facts: EffectFacts, modes: Iterable[Mode]) -> frozenset[ObjectId]:
    """What has to be read besides before these modes can be judged: texts of functions, what relations need."""
    index = CatalogIndex(facts)
    list(scope_checks(index))
    for mode in modes:
        list(_write_findings(index, mode, ALL_COMMANDS))
    return frozenset(index.unread)


# ------------------------------------------------------------------------------------------------------------ writes


def _write_findings(index: CatalogIndex, mode: Mode, commands: frozenset[Command]) -> Iterator[Finding]:
    for table in index.facts.content:
        for command in Command:
            if command not in commands:
                continue
            tracer = Tracer(index, mode)
            tracer.from_write(table.oid, command.event, _set_columns(table, mode, command), frozenset(table.columns))
            for reached in tracer.reached.values():
                finding = describe(index, str(table.name), reached)
                yield finding.model_copy(update={"modes": (mode,), "commands": (command,)})
            yield from _unguarded_references(index, table, mode, command)


def _set_columns(table: ContentFact, mode: Mode, command: Command) -> frozenset[str]:
    """The columns that an UPDATE names: in the apply worker all that were sent, changed or not."""
    if mode is Mode.APPLY or command is not Command.UPDATE:
        return frozenset(table.columns)
    return frozenset(table.columns) - frozenset(table.key)


def _unguarded_references(index: CatalogIndex, table: ContentFact, mode: Mode, command: Command) -> Iterator[Finding]:
    """Foreign keys whose action does not run in the stream; a restore looks for references itself before it deletes."""
    if mode is not Mode.APPLY or command not in (Command.DELETE, Command.UPDATE_KEY):
        return
    deleting = command is Command.DELETE
    tables = sorted(
        {
            index.show(key.table)
            for key in index.keys.get(table.oid, ())
            if not index.is_content(key.table)
            and (key.delete_enabled if deleting else key.update_enabled) not in mode.firing
        }
    )
    if tables:
        what = "deletes a row" if deleting else "changes a key"
        yield Finding(
            id="foreign-key-skipped",
            severity=Severity.WARNING if deleting else Severity.INFO,
            subject=str(table.name),
            message=f"where dev {what}, no foreign key is checked and no action runs under replication: rows of "
            f"{', '.join(tables)} could point nowhere",
            hint="The orphan check finds it and the window fails; do not publish deletes of what users refer to.",
            target=", ".join(tables),
            modes=(mode,),
            commands=(command,),
        )


# ------------------------------------------------------------------------------------------------------ scope checks


def scope_checks(index: CatalogIndex) -> Iterator[Finding]:
    """All of it; none depends on the kind of write."""
    for table in index.facts.content:
        yield from _shape(index, table)
    yield from _event_triggers(index)
    yield from _own_schema(index)
    yield from _sequences(index)
    yield from _planned(index)


def _planned(index: CatalogIndex) -> Iterator[Finding]:
    """What runs when the tables are planned that foreign keys join to content: a write of ours counts orphans there.

    Every other table is read in transactions that only read.
    """
    pairs = [(key.table, key.references) for key in index.facts.foreign_keys]
    joined = {oid for pair in pairs if any(map(index.is_content, pair)) for oid in pair}
    for call in index.facts.planned:
        table = index.facts.by_name.get(call.table)
        if table is not None and table.oid in joined and not index.is_content(table.oid):
            tracer = Tracer(index, Mode.REPLICA)
            tracer.from_function(str(call.table), f"planned: {call.place}", call.oid, "")
            yield from (describe(index, str(call.table), reached) for reached in tracer.reached.values())


# ------------------------------------------------------------------------------------------------------------- shape


def _shape(index: CatalogIndex, table: ContentFact) -> Iterator[Finding]:
    named = index.facts.by_name.get(table.name)
    subject = str(table.name)
    if named is None or named.oid != table.oid:
        message = "it is not the table that it was when the window opened: dropped, renamed or made anew"
        yield refusal("relation-changed", subject, message, "Close the window with `disable --no-validate`.")
        return
    for oid in index.descendants(table.oid):
        relation = index.relations.get(oid)
        if relation is not None:
            yield from _kind(subject, relation, is_partition=oid != table.oid)
        for rule in index.rules.get(oid, ()):
            message = f"it has the rule {rule.name}"
            hint = drop_rule(relation.name, rule) if relation is not None else "Drop it."
            yield refusal("rule", subject, message, hint)
    yield from _relatives(index, table)


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
        hint = f"ALTER TABLE {sql_name(relation.name)} DISABLE ROW LEVEL SECURITY;"
        yield failure("row-security", subject, message, hint)


def _relatives(index: CatalogIndex, table: ContentFact) -> Iterator[Finding]:
    """Tables that share rows with it: parents of it or of its partitions, and inheritance children."""
    inside = set(index.descendants(table.oid))
    for link in index.facts.inheritance:
        if link.child in inside and link.parent not in inside:
            how = "a partition" if link.partition else "an inheritance child"
            message = f"{index.show(link.child)} is {how} of {index.show(link.parent)}: its rows are rows of that too"
        elif link.parent in inside and link.child not in inside:
            message = f"{index.show(link.child)} inherits from it: its rows show in content"
        else:
            continue
        yield refusal("inheritance", str(table.name), message, _part(index, link))


def _part(index: CatalogIndex, link: InheritanceFact) -> str:
    """Let parent and child go their own ways, rows stay where they are."""
    parent, child = index.relations.get(link.parent), index.relations.get(link.child)
    if parent is None or child is None:
        return "Content tables must stand alone."
    if link.partition:
        return f"ALTER TABLE {sql_name(parent.name)} DETACH PARTITION {sql_name(child.name)};"
    return f"ALTER TABLE {sql_name(child.name)} NO INHERIT {sql_name(parent.name)};"


# ---------------------------------------------------------------------------------------------------- event triggers


def _event_triggers(index: CatalogIndex) -> Iterator[Finding]:
    """Those that our own CREATE and DROP, or our login, would fire: ordinary ones too, our DDL is not replication."""
    for trigger in index.facts.event_triggers:
        if trigger.enabled == "D" or (trigger.tags and command_tags().isdisjoint(trigger.tags)):
            continue
        subject = f"event trigger {trigger.name}"
        for mode in (Mode.ORDINARY, Mode.REPLICA):
            if trigger.enabled not in mode.firing:
                continue
            tracer = Tracer(index, mode)
            tracer.from_function(subject, trigger.event, trigger.function, trigger.builtin)
            for reached in tracer.reached.values():
                finding = describe(index, subject, reached)
                yield finding.model_copy(update={"hint": disarm_event_trigger(trigger)})


# ----------------------------------------------------------------------------------------------------- own schema


def _own_schema(index: CatalogIndex) -> Iterator[Finding]:
    """Whoever can put a trigger on the journal runs their own code with our rights."""
    facts = index.facts
    own = [one for one in facts.relations if one.name.schema == facts.own_schema]
    oids = {one.oid for one in own}
    for relation in own:
        subject = str(relation.name)
        for message in _planted(index, relation, oids):
            hint = "Find out who made it, then drop it; the journal's tables are the controller's alone."
            yield refusal("own-schema", subject, message, hint)
        for part in index.parts("pg_class", relation.oid):
            if index.needed(part):
                message = f"{part.kind} {part.name} calls what is not known to be harmless"
                yield refusal("own-schema", subject, message, "Drop it.")


def _planted(index: CatalogIndex, relation: RelationFact, own: set[int]) -> Iterator[str]:
    facts = index.facts
    if relation.owner != facts.role and not relation.owner_is_trusted:
        yield f"it belongs to {relation.owner}, who can make it do anything"
    for trigger in index.triggers.get(relation.oid, ()):
        yield f"it has the trigger {trigger.name}"
    for rule in index.rules.get(relation.oid, ()):
        yield f"it has the rule {rule.name}"
    if relation.row_security:
        yield "it has row security"
    if relation.kind not in ("r", "p", "S"):
        yield "it is no table"
    for link in facts.inheritance:
        if relation.oid in (link.child, link.parent) and {link.child, link.parent} - own:
            other = link.parent if link.child == relation.oid else link.child
            yield f"it shares rows with {index.show(other)}"
    for key in facts.foreign_keys:
        if key.references == relation.oid and key.table not in own:
            yield f"foreign key {key.name} of {index.show(key.table)} refers to it"


# --------------------------------------------------------------------------------------------------------- sequences


def _sequences(index: CatalogIndex) -> Iterator[Finding]:
    travelling = {table.oid: frozenset(table.columns) for table in index.facts.content}
    for sequence in index.facts.sequences:
        root = index.partition_roots.get(sequence.relation)
        owner_is_content = sequence.owner is not None and index.is_content(sequence.owner)
        user = f"{index.show(sequence.relation)}.{sequence.column}"
        if root is None:
            if owner_is_content:
                message = f"{user} takes its values from it too; moving it forward leaves a gap there"
                yield warning("sequence", str(sequence.name), message)
        elif not owner_is_content:
            yield from _foreign_sequence(index, user, sequence, sequence.column in travelling[root])


def _foreign_sequence(index: CatalogIndex, user: str, sequence: SequenceFact, travels: bool) -> Iterator[Finding]:
    owner, name, relation = sequence.owner, str(sequence.name), index.relations.get(sequence.relation)
    whose = f"belongs to {index.show(owner)}" if owner is not None else "belongs to no table"
    hint = "Give the column a sequence of its own."
    if relation is not None:
        give = adopt_sequence if owner is None else make_sequence
        hint = give(sequence, relation)
    if travels:
        message = f"{user} takes its values from it, and it {whose}: it is not moved past the rows that arrive"
        yield warning("sequence", name, message).model_copy(update={"hint": hint})
    else:
        message = f"{user} takes its values from it for every new row, and it {whose}"
        yield refusal("sequence", name, message, hint)
