"""What a write to content would make the server do on its own, and whether that could reach a user's table.

``catalog.closure`` reads the facts; everything here is pure. Every way that is not understood is taken for the worst.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from egrow_replica.guard.closure_atlas import Atlas
from egrow_replica.guard.closure_facts import ClosureFacts, Command, ContentFact, Mode, RelationIdentity
from egrow_replica.guard.closure_findings import Finding, describe, merged, refusal
from egrow_replica.guard.closure_surroundings import surroundings
from egrow_replica.guard.closure_walk import Walk
from egrow_replica.model import QualifiedName, Severity

ALL_COMMANDS = frozenset(Command)
#: What the stream does besides ``delete``, and what reconcile and restore do.
STREAMED = ALL_COMMANDS - {Command.DELETE}
RECONCILED = ALL_COMMANDS - {Command.UPDATE_KEY}


@dataclass(frozen=True)
class Unread:
    """Functions and views whose text the judgement needs."""

    functions: frozenset[int]
    views: frozenset[int]

    def __bool__(self) -> bool:
        return bool(self.functions or self.views)


def judge_closure(
    facts: ClosureFacts,
    *,
    mode: Mode,
    commands: frozenset[Command] = ALL_COMMANDS,
    trusted: Iterable[QualifiedName] = (),
) -> tuple[Finding, ...]:
    """Everything that these writes to content would set in motion in this mode.

    :param trusted: functions that somebody vouches for, whatever they do.
    """
    atlas = Atlas(facts, frozenset(trusted))
    return merged(_write_findings(atlas, mode, commands))


def judge_window(facts: ClosureFacts, *, deletes: bool, trusted: Iterable[QualifiedName] = ()) -> tuple[Finding, ...]:
    """All that concerns a window: the stream, our own writes under the replica role, and what lies around content.

    :param deletes: the publication publishes deletes.
    """
    atlas = Atlas(facts, frozenset(trusted))
    streamed = ALL_COMMANDS if deletes else STREAMED
    return merged(
        [
            *surroundings(atlas),
            *_write_findings(atlas, Mode.APPLY, streamed),
            *_write_findings(atlas, Mode.REPLICA, RECONCILED),
        ]
    )


def judge_changes(facts: ClosureFacts, before: Iterable[RelationIdentity]) -> tuple[Finding, ...]:
    """Content relations that are not what they were when ``before`` was taken."""
    return tuple(_changes(facts, before))


def unread(facts: ClosureFacts, modes: Iterable[Mode]) -> Unread:
    """What has to be read besides before these modes can be judged."""
    atlas = Atlas(facts, frozenset())
    list(surroundings(atlas))
    for mode in modes:
        list(_write_findings(atlas, mode, ALL_COMMANDS))
    return Unread(frozenset(atlas.unread_functions), frozenset(atlas.unread_views))


# ------------------------------------------------------------------------------------------------------------ writes


def _write_findings(atlas: Atlas, mode: Mode, commands: frozenset[Command]) -> Iterator[Finding]:
    for table in atlas.facts.content:
        for command in Command:
            if command not in commands:
                continue
            walk = Walk(atlas, mode)
            walk.from_write(table.oid, command.event, _set_columns(table, mode, command), frozenset(table.columns))
            for reached in walk.reached.values():
                finding = describe(atlas, str(table.name), reached)
                yield finding.model_copy(update={"modes": (mode,), "commands": (command,)})
            yield from _unguarded_references(atlas, table, mode, command)


def _set_columns(table: ContentFact, mode: Mode, command: Command) -> frozenset[str]:
    """The columns that an UPDATE names: in the apply worker all that were sent, changed or not."""
    if mode is Mode.APPLY or command is not Command.UPDATE:
        return frozenset(table.columns)
    return frozenset(table.columns) - frozenset(table.key)


def _unguarded_references(atlas: Atlas, table: ContentFact, mode: Mode, command: Command) -> Iterator[Finding]:
    """Foreign keys whose action does not run in the stream; a restore looks for references itself before it deletes."""
    if mode is not Mode.APPLY or command not in (Command.DELETE, Command.UPDATE_KEY):
        return
    deleting = command is Command.DELETE
    tables = sorted(
        {
            atlas.show(key.table)
            for key in atlas.keys.get(table.oid, ())
            if not atlas.is_content(key.table)
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
            remedy="The orphan check finds it and the window fails; do not publish deletes of what users refer to.",
            target=", ".join(tables),
            modes=(mode,),
            commands=(command,),
        )


# ----------------------------------------------------------------------------------------------------------- changes


def _changes(facts: ClosureFacts, before: Iterable[RelationIdentity]) -> Iterator[Finding]:
    for old in before:
        new = facts.by_name.get(old.name)
        if new is None or new.oid != old.oid:
            message = "it is not the table that it was when the window opened"
        elif new.owner != old.owner:
            message = f"it belonged to {old.owner} when the window opened and belongs to {new.owner} now"
        else:
            continue
        remedy = "Find out who changed it; then close the window with `disable --no-validate`."
        yield refusal("relation-changed", str(old.name), message, remedy)
