"""Every planted hazard: the verdict, and what the server itself does, per command and mode."""

from __future__ import annotations

import pytest
from effects_cases_tables import EXPRESSIONS, KEYS, SHAPES, TYPES
from effects_cases_triggers import BODIES, TRIGGERS
from effects_world import (
    Case,
    World,
    facts_of,
    refused_by_guard,
    show,
    window_findings,
    written_by_server,
)

from egrow_replica.effects.facts import Command
from egrow_replica.model import Server

PROD = Server.PROD
CASES = [*TRIGGERS, *BODIES, *KEYS, *EXPRESSIONS, *TYPES, *SHAPES]
LETTER = {Command.INSERT: "i", Command.UPDATE: "u", Command.UPDATE_KEY: "k", Command.DELETE: "d"}


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_the_analysis_says_what_the_server_does(world: World, case: Case) -> None:
    if case.alone:
        name = "alone"
        world.lab.on("academy").create_database(PROD, name, template="template1")
        try:
            _check(world.on(name), case)
        finally:
            world.lab.drop_database(PROD, name)
    else:
        schema = _check(world, case)
        world.run(f"DROP SCHEMA {schema} CASCADE")


def _check(world: World, case: Case) -> str:
    schema = world.plant(case)
    facts = facts_of(world, schema)
    refused = refused_by_guard(facts)
    findings = window_findings(facts)
    wrote = written_by_server(world, facts, f"{schema}.courses")
    for (mode, command), tables in wrote.items():
        assert not tables or LETTER[command] in refused.get(mode.value, ""), f"{mode} {command} wrote {tables}"
    assert refused == case.refused, show(findings)
    assert set(case.ids) <= {finding.id for finding in findings}, show(findings)
    if case.refused and not case.blind:
        assert any(wrote.values()), "the server writes nothing: the case shows nothing"
    return schema


def test_there_are_cases_enough() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
