"""The hints, run as they are printed: what they are about is gone afterwards."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest
from effects_cases_tables import EXPRESSIONS, KEYS, SHAPES, TYPES
from effects_cases_triggers import BODIES, TRIGGERS
from effects_world import Case, World, facts_of, scope_of, window_findings
from psycopg import Connection

from egrow_replica.db import Door
from egrow_replica.effects.checks import validate_window
from egrow_replica.effects.hints import role
from egrow_replica.effects.read import read_effects
from egrow_replica.model import Severity

CASES = [case for case in (*TRIGGERS, *BODIES, *KEYS, *EXPRESSIONS, *TYPES, *SHAPES) if not case.alone]
_SQL = re.compile(r"(ALTER|CREATE|DROP|REVOKE) ")
#: Behind one hint another one may be needed: two triggers that write one table are told as one.
ROUNDS = 4


#: No statement helps: a type's own functions, a column that is computed.
BY_HAND = {"a type of an unknown library", "generated column"}


def test_remedies_cure_every_case(world: World) -> None:
    """Run what was printed, as often as something is printed."""
    with world.door() as door, world.admin() as admin:
        by_hand = {case.name for case in CASES if not _is_cured(world, door, admin, case)}
    sys.stdout.write(f"\n{len(CASES)} cases, {len(by_hand)} by hand\n")
    assert by_hand == BY_HAND


def _is_cured(world: World, door: Door, admin: Connection[Any], case: Case) -> bool:
    schema = world.plant(case)
    try:
        for _ in range(ROUNDS):
            facts = read_effects(door, scope_of(door, f"{schema}.courses", f"{schema}.lessons", own=("price",)))
            found = [one for one in validate_window(facts, deletes=True) if one.severity is Severity.ERROR]
            if not found:
                return True
            for hint in dict.fromkeys(one.hint for one in found if _SQL.match(one.hint)):
                assert "…" not in hint
                for statement in _statements(hint):
                    admin.execute(statement.encode())
        return False
    finally:
        admin.execute(f"DROP SCHEMA {schema} CASCADE".encode())


def _statements(hint: str) -> list[str]:
    return hint.partition(" -- ")[0].split("; ")


def test_everybody_is_a_word() -> None:
    assert (role("PUBLIC"), role('a"b')) == ("PUBLIC", '"a""b"')


@pytest.mark.parametrize("state", ["ALWAYS", "REPLICA"])
def test_a_trigger_is_put_back_as_it_was(world: World, state: str) -> None:
    """The hint leaves what the trigger does for the application, and its comment undoes it."""
    case = Case(
        "names",
        """
        CREATE FUNCTION {s}."F f"() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN UPDATE users SET name = name; RETURN NEW; END';
        CREATE TRIGGER "T ""t" AFTER INSERT ON {s}.courses FOR EACH ROW EXECUTE FUNCTION {s}."F f"();
        ALTER TABLE {s}.courses ENABLE """
        + state
        + """ TRIGGER "T ""t";
        """,
    )
    schema = world.plant(case)
    try:
        before = _enabled(world, schema)
        found = {one.id: one for one in window_findings(facts_of(world, schema))}
        function = f'ALTER FUNCTION "{schema}"."F f"() SET search_path = "{schema}";'
        assert found["stops-stream"].hint == function
        hint = found["reaches-table"].hint
        world.run(*_statements(hint))
        assert window_findings(facts_of(world, schema)) == ()
        assert _enabled(world, schema) == ("O" if state == "ALWAYS" else "D")
        world.run(hint.partition(" -- afterwards: ")[2])
        assert _enabled(world, schema) == before
    finally:
        world.run(f"DROP SCHEMA {schema} CASCADE")


def _enabled(world: World, schema: str) -> str:
    with world.admin() as connection:
        statement = "SELECT tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
        return str(connection.execute(statement, [f"{schema}.courses"]).fetchall()[0][0])
