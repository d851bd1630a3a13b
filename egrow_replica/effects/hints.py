"""The SQL that takes a link out of a chain: for a person to read and to run, never sent by the controller.

A trigger that fires under replication becomes one that does not, and what it does for the application stays as it is:
an ENABLE ALWAYS trigger becomes an ordinary one, an ENABLE REPLICA trigger, which nobody else sets off, is disabled.
What follows ``--`` says how to put it back.
"""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.effects.facts import (
    EventTriggerFact,
    FunctionFact,
    Link,
    Mode,
    RelationFact,
    RuleFact,
    SequenceFact,
    TriggerFact,
)
from egrow_replica.model import QualifiedName

_STATES = {"O": "ENABLE", "A": "ENABLE ALWAYS", "R": "ENABLE REPLICA"}


def quoted(name: str) -> str:
    """An identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def relation(name: QualifiedName) -> str:
    """A relation's or a function's name, with its schema."""
    return f"{quoted(name.schema)}.{quoted(name.name)}"


def role(name: str) -> str:
    """A role; PUBLIC is a word and no role."""
    return name if name == "PUBLIC" else quoted(name)


def disarm_trigger(table: QualifiedName, trigger: TriggerFact, mode: Mode) -> str:
    """Keep it from firing in this mode."""
    ordinary = trigger.enabled == "A" and mode is not Mode.ORDINARY
    now = _firing(table, "ENABLE" if ordinary else "DISABLE", "TRIGGER", trigger.name)
    return f"{now} -- afterwards: {_firing(table, _STATES[trigger.enabled], 'TRIGGER', trigger.name)}"


def disarm_rule(table: QualifiedName, rule: RuleFact) -> str:
    """Keep a rule from rewriting anything."""
    now = _firing(table, "DISABLE", "RULE", rule.name)
    return f"{now} -- afterwards: {_firing(table, _STATES[rule.enabled], 'RULE', rule.name)}"


def adopt_sequence(sequence: SequenceFact, table: RelationFact) -> str:
    """Let a sequence that belongs to no table belong to the column that takes its values."""
    name, column = relation(sequence.name), f"{relation(table.name)}.{quoted(sequence.column)}"
    return f"ALTER SEQUENCE {name} OWNER TO {role(table.owner)}; ALTER SEQUENCE {name} OWNED BY {column};"


def make_sequence(sequence: SequenceFact, table: RelationFact) -> str:
    """A sequence of its own for a column that takes the values of another table's, beyond what it has."""
    own = QualifiedName(table.name.schema, _own_name(table.name.name, sequence.column))
    name, place, column = relation(own), relation(table.name), quoted(sequence.column)
    text = "'" + name.replace("'", "''") + "'"
    return (
        f"CREATE SEQUENCE {name}; "  # noqa: S608 - printed, never sent
        f"SELECT setval({text}, (SELECT COALESCE(max({column}), 0)::int8 + 1 FROM {place}), false); "
        f"ALTER SEQUENCE {name} OWNER TO {role(table.owner)}; ALTER SEQUENCE {name} OWNED BY {place}.{column}; "
        f"ALTER TABLE {place} ALTER COLUMN {column} SET DEFAULT nextval({text}); "
        f"-- and GRANT USAGE on it to whom {relation(sequence.name)} is granted"
    )


def _own_name(table: str, column: str) -> str:
    """Shorter than PostgreSQL would cut it, and no name that it gives by itself."""
    return f"{table.encode()[:28].decode(errors='ignore')}_{column.encode()[:28].decode(errors='ignore')}_own"


def drop_rule(table: QualifiedName, rule: RuleFact) -> str:
    """Take a rule away: a content table must have none."""
    return f"DROP RULE IF EXISTS {quoted(rule.name)} ON {relation(table)};"


def _firing(table: QualifiedName, state: str, kind: str, name: str) -> str:
    return f"ALTER TABLE {relation(table)} {state} {kind} {quoted(name)};"


def disarm_event_trigger(trigger: EventTriggerFact) -> str:
    """Keep it quiet while a window is opened and closed."""
    name = quoted(trigger.name)
    return (
        f"ALTER EVENT TRIGGER {name} DISABLE; -- while a window is opened and closed; afterwards: "
        f"ALTER EVENT TRIGGER {name} {_STATES[trigger.enabled]};"
    )


def remove_part(table: QualifiedName, part: Link) -> str:
    """Take away what computes; ``""`` where no single statement does."""
    name = quoted(part.name)
    match part.kind:
        case "check" | "exclusion":
            action = f"ALTER TABLE {relation(table)} DROP CONSTRAINT IF EXISTS {name};"
        case "index":
            action = f"DROP INDEX IF EXISTS {relation(QualifiedName(table.schema, part.name))};"
        case "statistics":
            action = f"DROP STATISTICS IF EXISTS {relation(QualifiedName(table.schema, part.name))};"
        case "default" if part.catalog == "type_default":
            action = f"ALTER TABLE {relation(table)} ALTER COLUMN {name} SET DEFAULT NULL;"
        case "default":
            action = f"ALTER TABLE {relation(table)} ALTER COLUMN {name} DROP DEFAULT;"
        case _:
            return ""
    return f"{action} -- or let it call nothing but what computes"


def set_search_path(function: FunctionFact, path: Iterable[str]) -> str:
    """Let a function find what it names without a schema."""
    schemas = ", ".join(map(quoted, dict.fromkeys(path)))
    return f"ALTER FUNCTION {relation(function.name)}({function.arguments}) SET search_path = {schemas};"


def make_invoker(function: FunctionFact) -> str:
    """Let a function run with the rights of who calls it."""
    return f"ALTER FUNCTION {relation(function.name)}({function.arguments}) SECURITY INVOKER;"
