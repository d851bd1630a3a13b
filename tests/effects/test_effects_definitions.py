"""What a write depends on is noted, and whatever changes of it is named; what changes nothing of it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from effects_world import BASE, World, scope_of

from egrow_replica.effects.definitions import Definition, changes_between, definitions_of
from egrow_replica.effects.read import read_effects
from egrow_replica.model import Server

#: A table whose writing depends on much: ``called`` is only named in a text, ``users`` is only pointed at.
MUCH = r"""
CREATE SCHEMA app;
CREATE DOMAIN app.percent AS int CHECK (VALUE >= 0);
CREATE TYPE app.mood AS ENUM ('glad');
CREATE FUNCTION app.short(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT pg_catalog.substr($1, 1, 3) $$;
CREATE FUNCTION app.called() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION app.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM app.called(); RETURN NEW; END';
CREATE FUNCTION app.elsewhere() RETURNS void LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION app.less(app.mood, app.mood) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT false';
CREATE SEQUENCE app.numbers;
CREATE TABLE app.parted (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE app.low PARTITION OF app.parted FOR VALUES FROM (0) TO (100);
ALTER TABLE courses ADD percent app.percent, ADD mood app.mood, ADD number int DEFAULT nextval('app.numbers'),
  ADD author int REFERENCES users, ADD CHECK (length(app.short(slug)) < 4);
CREATE INDEX short ON courses (app.short(title));
CREATE TRIGGER resting BEFORE UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION app.fire();
CREATE TRIGGER firing BEFORE UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION app.fire();
ALTER TABLE courses ENABLE ALWAYS TRIGGER firing;
"""

#: What is done, and of what it has to be said, each in order; the next is compared with what this one left.
EVENTS = [
    ("ALTER TABLE courses ENABLE ALWAYS TRIGGER resting", "trigger resting on public.courses fires always now"),
    ("ALTER TABLE courses DISABLE TRIGGER resting", "trigger resting on public.courses is disabled now"),
    ("CREATE OR REPLACE FUNCTION app.called() RETURNS void LANGUAGE plpgsql AS 'BEGIN NULL; END'", "app.called()"),
    ("ALTER FUNCTION app.fire() SECURITY DEFINER", "function app.fire() was changed"),
    ("ALTER FUNCTION app.short(text) SET search_path = ''", "app.short(pg_catalog.text) was changed"),
    # Changed and changed back: the text is the same as before.
    ("ALTER FUNCTION app.fire() COST 5; ALTER FUNCTION app.fire() COST 100", "function app.fire() was changed"),
    ("CREATE TRIGGER more AFTER INSERT ON courses EXECUTE FUNCTION app.fire()", "trigger more on public.courses is"),
    ("DROP TRIGGER more ON courses", "trigger more on public.courses is gone"),
    (
        "DROP TRIGGER firing ON courses;"
        "CREATE TRIGGER firing AFTER UPDATE ON courses FOR EACH ROW EXECUTE FUNCTION app.fire()",
        "trigger firing on public.courses was dropped and made anew",
    ),
    ("CREATE INDEX again ON courses (lower(title))", "index public.again is new"),
    ("CREATE STATISTICS stats ON lower(title), lower(slug) FROM courses", "statistics object public.stats is new"),
    ("CREATE POLICY p ON courses USING (true)", "policy p on public.courses is new"),
    ("ALTER TABLE courses ENABLE ROW LEVEL SECURITY", "table public.courses was changed"),
    ("CREATE RULE r AS ON DELETE TO courses DO ALSO NOTHING", "rule r on public.courses is new"),
    ("ALTER TABLE courses ENABLE ALWAYS RULE r", "rule r on public.courses fires always now"),
    ("ALTER DOMAIN app.percent SET DEFAULT 3", "type app.percent was changed"),
    ("ALTER DOMAIN app.percent ADD CONSTRAINT most CHECK (VALUE < 100)", "domain constraint most on app.percent"),
    ("ALTER TYPE app.mood ADD VALUE 'sad'", "type app.mood was changed"),
    (
        "CREATE OPERATOR app.<< (LEFTARG = app.mood, RIGHTARG = app.mood, FUNCTION = app.less);"
        "CREATE OPERATOR CLASS app.moods FOR TYPE app.mood USING btree AS OPERATOR 1 app.<<",
        "function app.less(app.mood,app.mood) is new",
    ),
    ("ALTER TABLE courses ALTER price SET DEFAULT 1", "default value for public.courses.price is new"),
    ("ALTER TABLE courses ADD CONSTRAINT c CHECK (price > -1)", "table constraint c on public.courses is new"),
    ("CREATE TABLE app.high PARTITION OF app.parted FOR VALUES FROM (100) TO (200)", "table app.high is new"),
    ("CREATE TRIGGER low BEFORE INSERT ON app.low EXECUTE FUNCTION app.fire()", "trigger low on app.low is new"),
    ("CREATE TABLE app.child () INHERITS (public.lessons)", "table app.child is new"),
    ("ALTER TABLE courses ADD further text", "table public.courses was changed"),
    ("ALTER SEQUENCE app.numbers INCREMENT 5", "sequence app.numbers"),
    (
        "CREATE FUNCTION app.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER ddl ON ddl_command_start EXECUTE FUNCTION app.on_ddl()",
        "event trigger ddl is new",
    ),
    ("ALTER EVENT TRIGGER ddl ENABLE ALWAYS", "event trigger ddl fires always now"),
    ("DROP EVENT TRIGGER ddl", "event trigger ddl is gone"),
    ("CREATE FUNCTION pg_catalog.lower(app.mood) RETURNS text LANGUAGE sql AS 'SELECT NULL'", "lower(app.mood)"),
    ("ALTER FUNCTION pg_catalog.lower(text) VOLATILE", "functions of initdb was changed"),
    ("ALTER FUNCTION pg_catalog.lower(text) IMMUTABLE", "functions of initdb was changed"),
]  # fmt: skip

#: None of these changes what a write depends on.
NOTHING = [
    "ANALYZE", "VACUUM", "VACUUM (FULL, FREEZE)", "REINDEX TABLE courses", "REINDEX TABLE CONCURRENTLY courses",
    "REINDEX TABLE CONCURRENTLY users",
    "CLUSTER courses USING courses_pkey", "TRUNCATE lessons", "SELECT nextval('app.numbers')",
    "INSERT INTO courses (id, slug) SELECT n, 's' FROM generate_series(100, 1100) AS n",
    "UPDATE courses SET title = 'other'", "GRANT SELECT, UPDATE (title) ON courses TO pg_monitor",
    "CREATE OR REPLACE FUNCTION app.elsewhere() RETURNS void LANGUAGE plpgsql AS 'BEGIN NULL; END'",
    "CREATE TABLE app.other (id int REFERENCES users)", "CREATE VIEW app.view AS SELECT title FROM courses",
    "ALTER TABLE users ADD further text", "CREATE TRIGGER t BEFORE INSERT ON users EXECUTE FUNCTION app.fire()",
    "VACUUM FULL pg_catalog.pg_proc", "VACUUM FULL pg_catalog.pg_trigger", "CHECKPOINT",
]  # fmt: skip


@pytest.fixture(scope="module")
def database(world: World) -> Iterator[World]:
    """A database of its own, with the base tables in public."""
    world.lab.create_database(Server.PROD, "defined", template="template1")
    own = world.on("defined")
    own.run(BASE.replace("{s}", "public"), MUCH)
    try:
        yield own
    finally:
        world.lab.drop_database(Server.PROD, "defined")


def noted(world: World) -> tuple[Definition, ...]:
    with world.door() as door:
        scope = scope_of(door, "public.courses", "public.lessons", "app.parted")
        return definitions_of(door, scope, read_effects(door, scope))


def changes(world: World, before: tuple[Definition, ...]) -> list[str]:
    return [str(one) for one in changes_between(before, noted(world))]


def test_nothing_is_named_where_nothing_was_defined_anew(database: World) -> None:
    before = noted(database)
    assert len({one.object for one in before}) == len(before)
    for statement in NOTHING:
        database.run(statement)
        assert changes(database, before) == [], statement


def test_every_change_is_named(database: World) -> None:
    missing = []
    for statements, said in EVENTS:
        before = noted(database)
        database.run(statements)
        found = changes(database, before)
        if not any(said in one for one in found):
            missing.append(f"{statements}: {found}")
    assert missing == [], "\n".join(missing)
