"""What a person reads, what lies around content, and how long reading takes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest
from effects_cases_triggers import AUDIT, WIPE, function, trigger
from effects_world import BASE, World, facts_of, scope_of, show, window_findings

from egrow_replica.effects.checks import validate_effects, validate_window
from egrow_replica.effects.facts import Mode
from egrow_replica.effects.findings import Finding
from egrow_replica.effects.read import read_effects
from egrow_replica.model import Server, Severity


@pytest.fixture
def database(world: World) -> Iterator[World]:
    """A database of its own, with the base tables in public."""
    world.lab.create_database(Server.PROD, "chains", template="template1")
    own = world.on("chains")
    own.run(BASE.replace("{s}", "public"))
    try:
        yield own
    finally:
        world.lab.drop_database(Server.PROD, "chains")


def findings(world: World) -> tuple[Finding, ...]:
    return window_findings(facts_of(world, "public"))


def ids(world: World) -> set[str]:
    return {finding.id for finding in findings(world) if finding.refused}


def plant(world: World, *statements: str) -> None:
    world.run(*(statement.replace("{s}", "public") for statement in statements))


TWO_FUNCTIONS = (
    function("BEGIN INSERT INTO {s}.audit (what) VALUES (NEW.title); RETURN NEW; END", name="audit_course")
    + trigger(calls="{s}.audit_course()", name="t_audit")
    + function("BEGIN UPDATE {s}.users SET name = NEW.what; RETURN NEW; END", name="f2")
    + trigger(on="audit", calls="{s}.f2()", name="t_f2")
)


def test_a_chain_through_two_functions_leads_to_users(database: World) -> None:
    plant(database, TWO_FUNCTIONS)
    found = findings(database)
    sys.stdout.write(f"\n{show(found)}\n")
    (users,) = [one for one in found if one.target == "public.users"]
    assert users.chain == (
        "public.courses —trigger t_audit (ALWAYS, AFTER INSERT)→ public.audit_course() —INSERT→ public.audit"
        " —trigger t_f2 (ALWAYS, AFTER INSERT)→ public.f2() —UPDATE→ public.users"
    )
    assert users.check.refused
    assert users.check.severity is Severity.ERROR
    assert users.modes == (Mode.APPLY, Mode.REPLICA)
    assert users.chain in users.check.message


def test_nothing_planted_is_nothing_found(database: World) -> None:
    assert findings(database) == ()


def test_what_is_judged_in_a_mode_that_was_not_read_is_refused(database: World) -> None:
    plant(database, function("BEGIN RETURN NEW; END") + trigger(enable="ORIGIN"))
    with database.door() as door:
        facts = read_effects(door, scope_of(door, "courses"))
    assert validate_window(facts, deletes=True) == ()
    assert {one.id for one in validate_effects(facts, mode=Mode.ORDINARY)} == {"reaches-anything"}


def test_a_function_too_large_to_read_is_refused(database: World) -> None:
    body = "BEGIN " + "IF true THEN " * 600 + "NULL; " + "END IF; " * 600 + "RETURN NEW; END"
    plant(database, function(body) + trigger())
    assert ids(database) == {"reaches-anything"}


def test_the_scope_s_own_oid_is_held_against_the_name(database: World) -> None:
    with database.door() as door:
        scope = scope_of(door, "courses")
        plant(database, "ALTER TABLE {s}.courses RENAME TO old; CREATE TABLE {s}.courses (id int PRIMARY KEY);")
        assert "relation-changed" in {one.id for one in validate_window(read_effects(door, scope), deletes=False)}


def test_a_streamed_delete_without_its_cascade_is_a_warning(database: World) -> None:
    plant(database, "CREATE TABLE {s}.seats (course int REFERENCES {s}.courses ON DELETE CASCADE);")
    facts = facts_of(database, "public")
    grave = {one.severity: one.target for one in validate_window(facts, deletes=True)}
    assert grave == {Severity.WARNING: "public.seats", Severity.INFO: "public.seats"}
    assert {one.severity for one in validate_window(facts, deletes=False)} == {Severity.INFO}


# ------------------------------------------------------------------------------------------------- event triggers


EVENT = "CREATE EVENT TRIGGER e ON ddl_command_end {when} EXECUTE FUNCTION {s}.e();"


@pytest.mark.parametrize(
    ("body", "more", "refused"),
    [
        ("BEGIN DELETE FROM {s}.users; END", "", {"reaches-table"}),
        ("BEGIN EXECUTE 'DELETE FROM {s}.users'; END", "", {"reaches-anything"}),
        ("BEGIN DELETE FROM {s}.users; END", "ALTER EVENT TRIGGER e ENABLE ALWAYS;", {"reaches-table"}),
        ("BEGIN DELETE FROM {s}.users; END", "ALTER EVENT TRIGGER e ENABLE REPLICA;", {"reaches-table"}),
        ("BEGIN DELETE FROM {s}.users; END", "ALTER EVENT TRIGGER e DISABLE;", set()),
        ("BEGIN RAISE NOTICE '%', tg_tag; END", "", set()),
        ("BEGIN NOTIFY ddl; END", "", set()),
    ],
)
def test_event_triggers_of_our_own_statements(database: World, body: str, more: str, refused: set[str]) -> None:
    made = function(body, name="e", returns="event_trigger") + EVENT.replace("{when}", "") + more
    plant(database, made)
    assert ids(database) == refused


def test_an_event_trigger_of_other_commands_is_none_of_ours(database: World) -> None:
    made = function("BEGIN DELETE FROM {s}.users; END", name="e", returns="event_trigger")
    plant(database, made + EVENT.replace("{when}", "WHEN TAG IN ('CREATE VIEW')"))
    assert findings(database) == ()
    plant(database, "DROP EVENT TRIGGER e;" + EVENT.replace("{when}", "WHEN TAG IN ('CREATE SUBSCRIPTION')"))
    assert ids(database) == {"reaches-table"}


# ----------------------------------------------------------------------------------------------------- own schema


JOURNAL = "CREATE SCHEMA egrow_replica; CREATE TABLE egrow_replica.window (name text PRIMARY KEY, state text);"
MALLORY = "DO $$BEGIN CREATE ROLE mallory; EXCEPTION WHEN duplicate_object THEN NULL; END$$;"


@pytest.mark.parametrize(
    "planted",
    [
        function(AUDIT) + "CREATE TRIGGER t AFTER INSERT ON egrow_replica.window EXECUTE FUNCTION {s}.f();",
        function(AUDIT)
        + "CREATE TRIGGER t AFTER INSERT ON egrow_replica.window EXECUTE FUNCTION {s}.f();"
        + "ALTER TABLE egrow_replica.window ENABLE REPLICA TRIGGER t;",
        "CREATE RULE r AS ON INSERT TO egrow_replica.window DO ALSO DELETE FROM {s}.users;",
        MALLORY + "ALTER TABLE egrow_replica.window OWNER TO mallory;",
        "CREATE TABLE {s}.child () INHERITS (egrow_replica.window);",
        "ALTER TABLE egrow_replica.window ENABLE ROW LEVEL SECURITY;",
        WIPE + "ALTER TABLE egrow_replica.window ADD CHECK ({s}.h() > 0);",
        WIPE + "ALTER TABLE egrow_replica.window ALTER state SET DEFAULT {s}.h();",
        "CREATE TABLE {s}.spy (name text REFERENCES egrow_replica.window ON DELETE CASCADE);",
        "CREATE VIEW egrow_replica.made_row AS SELECT * FROM {s}.users;",
    ],
)
def test_whatever_is_planted_on_the_journal_is_refused(database: World, planted: str) -> None:
    plant(database, JOURNAL)
    assert findings(database) == ()
    plant(database, planted)
    assert "own-schema" in ids(database)


# ---------------------------------------------------------------------------------------------------------- speed


def _many(tables: int) -> str:
    return (
        f"DO $$BEGIN FOR i IN 1..{tables} LOOP EXECUTE format('CREATE TABLE public.t%s (id serial PRIMARY KEY,"
        " a text CHECK (length(a) < 100), b timestamptz DEFAULT now(),"
        " u int REFERENCES public.users)', i); END LOOP; END$$;"
        "CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.b := now(); RETURN NEW; END';"
        f"DO $$BEGIN FOR i IN 1..{tables} LOOP EXECUTE format('CREATE TRIGGER touch BEFORE UPDATE ON public.t%s"
        " FOR EACH ROW EXECUTE FUNCTION public.touch()', i); END LOOP; END$$;"
    )


@pytest.mark.parametrize(
    ("tables", "content", "seconds"), [(40, 12, 0.5), pytest.param(2000, 100, 3.0, marks=pytest.mark.slow)]
)
def test_reading_and_judging_is_quick(database: World, tables: int, content: int, seconds: float) -> None:
    plant(database, _many(tables))
    with database.door() as door:
        scope = scope_of(door, *(f"t{i}" for i in range(1, content + 1)))
        took = []
        for _ in range(3):
            begin = time.perf_counter()
            facts = read_effects(door, scope)
            read = time.perf_counter()
            assert validate_window(facts, deletes=True) == ()
            took.append((read - begin, time.perf_counter() - read))
    best = min(took, key=sum)
    sys.stdout.write(f"\n{tables} tables, {content} content: read {best[0]:.3f} s, judged {best[1]:.3f} s\n")
    assert sum(best) < seconds
