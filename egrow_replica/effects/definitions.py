"""What a write to content depends on, as it is defined: noted when a window opens, and compared ever after.

As with dev's publication the catalogue's own rows are looked at, so that a definition that was changed and changed back
shows. What came and went between two looks leaves no trace here; what it did is in the evidence.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256

from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.effects.dependencies import Dependency, read_dependencies
from egrow_replica.effects.facts import EffectFacts
from egrow_replica.model import Model
from egrow_replica.results import ChangeKind, DefinitionChange

#: Of triggers and rules, when they fire.
_ENABLED = ("tgenabled", "ev_enabled", "evtenabled")
_FIRES = {"O": "fires for the application", "D": "is disabled", "R": "fires under replication", "A": "fires always"}


class Definition(Model):
    """An object that a write to content depends on.

    :ivar object: its kind and its identity, as PostgreSQL writes them.
    :ivar oid: 0 where it says nothing: an index that is built anew has another.
    :ivar version: as of a :class:`~egrow_replica.effects.dependencies.Dependency`.
    :ivar fires: of a trigger or a rule: when, a letter of the catalog; ``""`` for everything else.
    """

    object: str
    oid: int
    hash: str
    version: str
    fires: str = ""


def definitions_of(door: Door, scope: Scope, facts: EffectFacts) -> tuple[Definition, ...]:
    """The definitions that a judgement of these facts rests on."""
    found = [_definition(one) for one in read_dependencies(door, scope, facts)]
    return (*found, *door.rows(Definition, query("effects/unrecorded")))


def _definition(found: Dependency) -> Definition:
    rows = [row for row in map(json.loads, found.definition.split("\n")) if isinstance(row, dict)]
    return Definition(
        object=f"{found.kind} {found.identity}",
        oid=0 if "index" in found.kind else found.oid,
        hash=sha256(found.definition.encode()).hexdigest()[:16],
        version=found.version,
        fires=next((row[name] for row in rows for name in _ENABLED if name in row), ""),
    )


def changes_between(before: Iterable[Definition], now: Iterable[Definition]) -> Iterator[DefinitionChange]:
    """What is not as it was, by its identity."""
    was = {one.object: one for one in before}
    found = {one.object: one for one in now}
    for name in sorted(was.keys() | found.keys()):
        change = _change(was.get(name), found.get(name))
        if change is not None:
            detail = _FIRES.get(found[name].fires, "") if change is ChangeKind.FIRES else ""
            yield DefinitionChange(object=name, change=change, detail=detail)


def _change(old: Definition | None, new: Definition | None) -> ChangeKind | None:
    if old is None or new is None:
        return ChangeKind.NEW if old is None else ChangeKind.GONE
    if old.oid != new.oid:
        return ChangeKind.MADE_ANEW
    if old.fires != new.fires:
        return ChangeKind.FIRES
    if old.hash != new.hash:
        return ChangeKind.CHANGED
    return ChangeKind.CHANGED_BACK if old.version != new.version else None
