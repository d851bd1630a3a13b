"""Bad input: what is large, goes round in circles or cannot be read is refused with the reason, in bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from effects_cases_triggers import AUDIT, function, trigger
from effects_world import BASE, World, facts_of, refused_by_guard, scope_of, show, window_findings
from psycopg.conninfo import make_conninfo

from egrow_replica.effects.findings import Finding
from egrow_replica.effects.read import read_effects
from egrow_replica.errors import StatementFailed
from egrow_replica.model import Server


@pytest.fixture(scope="module")
def bounds(world: World) -> Iterator[World]:
    world.lab.create_database(Server.PROD, "bounds", template="template1")
    try:
        yield world.on("bounds")
    finally:
        world.lab.drop_database(Server.PROD, "bounds")


@pytest.fixture
def database(bounds: World) -> Iterator[World]:
    """The base tables in public, gone afterwards."""
    bounds.run(BASE.replace("{s}", "public"))
    try:
        yield bounds
    finally:
        bounds.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "GRANT USAGE ON SCHEMA public TO PUBLIC")


def refused(world: World, *statements: str, seconds: float = 5.0) -> list[Finding]:
    world.run(*(statement.replace("{s}", "public") for statement in statements))
    begin = time.monotonic()
    found = [one for one in window_findings(facts_of(world, "public")) if one.refused]
    assert time.monotonic() - begin < seconds
    return found


def test_a_thousand_triggers(database: World) -> None:
    made = (
        "DO $do$ BEGIN FOR i IN 1..1000 LOOP"
        " EXECUTE format('CREATE FUNCTION public.f%s() RETURNS trigger LANGUAGE plpgsql AS $f$BEGIN NEW.title :="
        " lower(NEW.title) || %s; RETURN NEW; END$f$', i, i);"
        " EXECUTE format('CREATE TRIGGER t%s BEFORE UPDATE ON public.courses FOR EACH ROW EXECUTE FUNCTION"
        " public.f%s()', i, i);"
        " EXECUTE format('ALTER TABLE public.courses ENABLE ALWAYS TRIGGER t%s', i);"
        " END LOOP; END $do$;"
    )
    assert refused(database, made, seconds=20) == []
    worse = "CREATE OR REPLACE FUNCTION public.f777() RETURNS trigger LANGUAGE plpgsql AS $f$" + AUDIT + "$f$;"
    (found,) = refused(database, worse, seconds=20)
    assert "trigger t777" in found.chain


def test_what_goes_round_in_circles_ends(database: World) -> None:
    """Functions, triggers, operators that call each other, and keys that refer to each other."""
    found = refused(
        database,
        "CREATE FUNCTION {s}.a(x int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN {s}.b(x); END';"
        "CREATE FUNCTION {s}.b(x int) RETURNS int LANGUAGE sql RETURN {s}.a(x);"
        "CREATE FUNCTION {s}.eq(int, text) RETURNS bool LANGUAGE sql RETURN true;"
        "CREATE FUNCTION {s}.qe(text, int) RETURNS bool LANGUAGE sql RETURN true;"
        "CREATE OPERATOR {s}.=== (LEFTARG = int, RIGHTARG = text, FUNCTION = {s}.eq, COMMUTATOR = ===);"
        "CREATE OPERATOR {s}.=== (LEFTARG = text, RIGHTARG = int, FUNCTION = {s}.qe, COMMUTATOR = ===);"
        "ALTER TABLE {s}.courses ADD CHECK (id OPERATOR({s}.===) title), ADD CHECK ({s}.a(id) > 0) NOT VALID;"
        "ALTER TABLE {s}.courses ADD lesson int REFERENCES {s}.lessons;"
        "ALTER TABLE {s}.lessons ADD FOREIGN KEY (course) REFERENCES {s}.courses;"
        + function("BEGIN UPDATE {s}.lessons SET title = 'x'; RETURN NEW; END")
        + trigger("UPDATE")
        + function("BEGIN UPDATE {s}.courses SET title = 'x'; RETURN NEW; END", name="g")
        + trigger("UPDATE", on="lessons", calls="{s}.g()", name="back"),
    )
    assert found == [], show(tuple(found))


def test_a_chain_of_five_hundred_functions_is_followed_to_its_end(database: World) -> None:
    made = (
        "DO $do$ BEGIN CREATE FUNCTION public.f0() RETURNS void LANGUAGE sql AS 'DELETE FROM public.users';"
        " FOR i IN 1..500 LOOP EXECUTE format('CREATE FUNCTION public.f%s() RETURNS void LANGUAGE sql AS"
        " ''SELECT public.f%s()''', i, i - 1); END LOOP; END $do$;"
    )
    found = refused(database, made, function("BEGIN PERFORM {s}.f500(); RETURN NEW; END") + trigger(), seconds=60)
    assert {one.target for one in found} == {"public.users"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param("BEGIN " + "NEW.title := 'x'; " * 60_000 + "RETURN NEW; END", "longer than", id="megabyte"),
        pytest.param("BEGIN PERFORM " + "(" * 3000 + "1" + ")" * 3000 + "; RETURN NEW; END", "deep", id="brackets"),
    ],
)
def test_a_text_that_is_too_much_is_refused(database: World, body: str, reason: str) -> None:
    found = refused(database, function(body) + trigger())
    assert [one.id for one in found] == ["reaches-anything"]
    assert reason in found[0].chain


def test_a_language_that_nobody_knows_is_refused(database: World) -> None:
    """It may call itself PL/pgSQL: what counts is whose handler it has."""
    found = refused(
        database,
        "CREATE LANGUAGE odd HANDLER plpgsql_call_handler;"
        + function("BEGIN RETURN NEW; END", language="odd")
        + trigger(),
    )
    database.run("DROP LANGUAGE odd CASCADE")
    assert ["odd" in one.chain for one in found] == [True]


def test_a_catalog_that_may_not_be_read_is_named(database: World) -> None:
    database.run(
        "DO $$BEGIN CREATE ROLE outsider LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN NULL; END$$",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO outsider",
    )
    dsn = make_conninfo(database.lab.on("bounds").prod_admin_dsn, user="outsider", password="x")
    with database.door(dsn) as door:
        scope = scope_of(door, "courses", "lessons")
        read_effects(door, scope)
        for catalog in ("pg_trigger", "pg_depend", "pg_amproc"):
            database.run(f"REVOKE SELECT ON pg_catalog.{catalog} FROM PUBLIC")
            try:
                with pytest.raises(StatementFailed, match=f"permission denied for table {catalog}"):
                    read_effects(door, scope)
            finally:
                database.run(f"GRANT SELECT ON pg_catalog.{catalog} TO PUBLIC")


def test_extensions_that_compute_are_no_finding(database: World) -> None:
    """Types, indexes and functions of what most productions have, also beside a trigger whose text is read."""
    found = refused(
        database,
        "CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION pg_trgm;"
        "CREATE EXTENSION btree_gist; CREATE EXTENSION unaccent; CREATE EXTENSION intarray;"
        "CREATE EXTENSION cube; CREATE EXTENSION isn; CREATE EXTENSION seg; CREATE EXTENSION fuzzystrmatch;"
        "ALTER TABLE {s}.courses ADD ci citext UNIQUE, ADD h hstore, ADD path ltree DEFAULT 'a.b', ADD numbers int[],"
        "  ADD span int4range, ADD isbn isbn, ADD EXCLUDE USING gist (id WITH =, span WITH &&);"
        "CREATE INDEX ON {s}.courses USING gin (title gin_trgm_ops); CREATE INDEX ON {s}.courses USING gist (path);"
        "CREATE INDEX ON {s}.courses USING gin (h); CREATE INDEX ON {s}.courses USING gin (numbers gin__int_ops);"
        "CREATE STATISTICS {s}.s ON lower(title), id FROM {s}.courses;"
        + function(
            "BEGIN IF NEW.title % 'x' OR NEW.h ? 'a' THEN NEW.title := public.unaccent(NEW.title); END IF;"
            " RETURN NEW; END",
            options="SET search_path = public",
        )
        + trigger("INSERT OR UPDATE", timing="BEFORE"),
    )
    assert found == [], show(tuple(found))


def test_a_built_in_whose_rights_were_changed_is_still_itself(database: World) -> None:
    planted = "ALTER TABLE {s}.courses ADD CHECK (length(title) > 0 AND now() > '2000-01-01');"
    for function_ in ("now()", "length(text)"):
        database.run(f"REVOKE EXECUTE ON FUNCTION pg_catalog.{function_} FROM PUBLIC")
    try:
        assert refused(database, planted) == []
        assert refused_by_guard(facts_of(database, "public")) == {}
    finally:
        for function_ in ("now()", "length(text)"):
            database.run(f"GRANT EXECUTE ON FUNCTION pg_catalog.{function_} TO PUBLIC")
