"""Whether what a write to content depends on is still what it was when the window opened, and harmless if it is not."""

from __future__ import annotations

from egrow_replica.catalog import Scope
from egrow_replica.db import Door
from egrow_replica.effects.checks import validate_window
from egrow_replica.effects.definitions import Definition, changes_between, definitions_of
from egrow_replica.effects.facts import EffectFacts
from egrow_replica.effects.findings import Finding
from egrow_replica.effects.read import read_effects
from egrow_replica.errors import Refused
from egrow_replica.results import DefinitionsLook
from egrow_replica.window.journal import Progress, WindowSetting


def judged_definitions(door: Door, scope: Scope, setting: WindowSetting) -> tuple[Definition, ...]:
    """What a write depends on, judged as it is noted.

    :raises Refused: a write to content could reach a user's table.
    """
    facts = read_effects(door, scope)
    refuse_effects(facts, setting)
    return definitions_of(door, scope, facts)


def refuse_effects(facts: EffectFacts, setting: WindowSetting) -> None:
    """See that a write to content sets nothing in motion; :raises Refused: it could reach a user's table."""
    for finding in _refused(facts, setting):
        raise Refused(finding.id, f"{finding.subject}: {finding.check.message}", hint=finding.hint)


def _refused(facts: EffectFacts, setting: WindowSetting) -> list[Finding]:
    return [one for one in validate_window(facts, deletes="delete" in setting.publish) if one.refused]


def look_at_definitions(door: Door, scope: Scope, setting: WindowSetting, progress: Progress) -> DefinitionsLook:
    """Compare with what was noted, and judge again what is not as it was; with what was seen before."""
    look = DefinitionsLook()
    if progress.definitions is not None:
        facts = read_effects(door, scope)
        changes = tuple(changes_between(progress.definitions, definitions_of(door, scope, facts)))
        refused = _refused(facts, setting) if changes else []
        look = DefinitionsLook(
            changes=changes,
            refused=tuple(f"refused ({one.id}): {one.subject}: {one.check.message}" for one in refused),
        )
    return look.after(progress.definitions_look)
