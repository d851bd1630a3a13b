"""What content needs to run, as the catalogs say it: everything is reached, and every change of it is seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from effects_cases_triggers import function, trigger
from effects_world import BASE, World, scope_of

from egrow_replica.db.queries import sql_directory
from egrow_replica.effects.dependencies import Dependency, read_dependencies
from egrow_replica.effects.read import read_effects
from egrow_replica.model import Server

#: One of everything that a content table can need, each with a function of its own.
PLANTED = """
CREATE FUNCTION {f}(a text) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT true';
"""
FUNCTIONS = [
    *("in_check", "in_domain", "in_base_domain", "in_generated", "in_index", "in_predicate", "in_statistics"),
    *("in_policy", "in_operator", "in_default", "in_domain_default", "in_array", "in_composite", "in_argument"),
    *("in_body", "in_child", "in_when"),
]
CHAIN = (
    "".join(PLANTED.replace("{f}", name) for name in FUNCTIONS)
    + """
CREATE FUNCTION in_selectivity(internal, oid, internal, int) RETURNS float8 LANGUAGE internal AS 'eqsel';
CREATE FUNCTION of_operator(a text, b text) RETURNS bool LANGUAGE sql AS 'SELECT in_operator(a)';
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = text, FUNCTION = of_operator, RESTRICT = in_selectivity);
CREATE DOMAIN base_domain AS text DEFAULT in_domain_default('a')::text CHECK (in_base_domain(VALUE));
CREATE DOMAIN over_domain AS base_domain CHECK (in_domain(VALUE));
CREATE DOMAIN in_arrays AS text CHECK (in_array(VALUE));
CREATE DOMAIN in_composites AS text CHECK (in_composite(VALUE));
CREATE TYPE pair AS (a int, b in_composites);
CREATE FUNCTION with_argument(a text, b bool DEFAULT in_argument('b')) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION with_body(a text) RETURNS bool LANGUAGE sql BEGIN ATOMIC SELECT in_body(a); END;
CREATE FUNCTION int_compare(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT a - b';
CREATE OPERATOR CLASS by_int FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 3 =, FUNCTION 1 int_compare(int, int);
CREATE TYPE span AS RANGE (subtype = int, subtype_opclass = by_int);
CREATE AGGREGATE last_of(text) (SFUNC = textcat, STYPE = text, FINALFUNC = upper);
CREATE SEQUENCE loose;
ALTER TABLE courses
  ADD c_over over_domain, ADD c_array in_arrays[], ADD c_pair pair, ADD c_span span,
  ADD c_default bool DEFAULT in_default('a'),
  ADD c_generated bool GENERATED ALWAYS AS (in_generated(title)) STORED, ADD c_loose int DEFAULT nextval('loose'),
  ADD CHECK (in_check(title)), ADD CHECK (title === slug), ADD CHECK (with_argument(title)),
  ADD CHECK (with_body(slug));
CREATE INDEX by_function ON courses (in_index(title)) WHERE in_predicate(slug);
CREATE INDEX by_class ON courses (id by_int);
CREATE STATISTICS of_courses ON (in_statistics(title)), id FROM courses;
CREATE POLICY p ON courses USING (in_policy(title));
CREATE VIEW of_last AS SELECT last_of(name) AS names FROM users;
"""
    + function("BEGIN PERFORM 1 FROM public.of_last; RETURN NEW; END").replace("{s}.", "")
    + trigger(calls="f()").replace("{s}.", "").replace("FOR EACH ROW", "FOR EACH ROW WHEN (in_when(NEW.title))")
    + """
DROP TABLE lessons;
CREATE TABLE lessons (id int PRIMARY KEY, course int, title text) PARTITION BY RANGE (id);
CREATE TABLE low PARTITION OF lessons FOR VALUES FROM (0) TO (10);
ALTER TABLE low ADD CHECK (in_child(title));
"""
)
REACHED = {
    *(f"public.{name}(text)" for name in set(FUNCTIONS) - {"in_operator"}),
    "public.in_selectivity(internal,oid,internal,integer)",
    "public.of_operator(text,text)",
    "public.===(text,text)",
    "public.with_argument(text,boolean)",
    "public.int_compare(integer,integer)",
    "public.by_int USING btree",
    "public.span",
    "public.loose",
    "public.last_of(text)",
    "public.of_last",
    "public.f()",
    "p on public.courses",
    "t on public.courses",
    "public.of_courses",
    "public.low",
}


@pytest.fixture
def database(world: World) -> Iterator[World]:
    world.lab.create_database(Server.PROD, "needs", template="template1")
    own = world.on("needs")
    own.run("SET search_path = public;" + BASE.replace("{s}.", "") + CHAIN)
    try:
        yield own
    finally:
        world.lab.drop_database(Server.PROD, "needs")


def needed(world: World) -> dict[str, Dependency]:
    with world.door() as door:
        scope = scope_of(door, "courses", "lessons")
        found = read_dependencies(door, scope, read_effects(door, scope))
    # Who may call a function is no part of its definition, and yet written into its row.
    return {one.identity.replace("pg_catalog.", ""): one.model_copy(update={"version": ""}) for one in found}


def test_everything_that_content_needs_is_reached(database: World) -> None:
    found = needed(database)
    assert REACHED - set(found) == set()
    assert all(one.definition for one in found.values())
    assert found["public.int_compare(integer,integer)"].way[0] == "public.courses"
    assert found["public.in_when(text)"].way == ("public.courses", "t on public.courses")
    assert found["public.in_when(text)"].kind == "function"


CHANGES = [
    ("CREATE OR REPLACE FUNCTION in_body(a text) RETURNS bool LANGUAGE sql AS 'SELECT false'", "public.in_body(text)"),
    ("ALTER FUNCTION in_array SECURITY DEFINER", "public.in_array(text)"),
    ("ALTER TABLE courses ENABLE REPLICA TRIGGER t", "t on public.courses"),
    ("ALTER DOMAIN base_domain DROP DEFAULT", "public.base_domain"),
    ("CREATE INDEX another ON courses (slug)", "public.another"),
    ("CREATE OR REPLACE VIEW of_last AS SELECT upper(name) AS names FROM users", '"_RETURN" on public.of_last'),
    ("ALTER TABLE low ADD CHECK (id > 0) NOT VALID", "low_id_check on public.low"),
]
#: What happens all day, and what a window does of itself.
DAILY = """
INSERT INTO courses (id, title) VALUES (50, 'x'); ANALYZE courses, users; GRANT INSERT ON courses TO pg_monitor;
GRANT EXECUTE ON FUNCTION in_check TO pg_monitor; REINDEX TABLE courses; SELECT nextval('loose');
"""


def test_every_change_is_seen_and_nothing_else(database: World) -> None:
    before = needed(database)
    database.run("VACUUM FULL courses", *DAILY.strip().split("; "))
    assert needed(database) == before
    for statement, changed in CHANGES:
        database.run(f"SET search_path = public; {statement}")
        after = needed(database)
        different = {name for name in {*before, *after} if before.get(name) != after.get(name)}
        assert changed in different, statement
        before = after


#: Catalog columns that refer to what can run, and why no link follows them.
ELSEWHERE = {
    "pg_publication_rel.prqual": "only what is built in and immutable may stand there",
    "pg_aggregate.aggfnoid": "the aggregate itself",
    "pg_amop.amopmethod": "the family's",
    "pg_opfamily.opfmethod": "the class's",
    "pg_conversion.conproc": "takes internal: only C and built-in functions can",
    "pg_event_trigger.evtfoid": "event triggers are read on their own",
    "pg_foreign_data_wrapper.fdwhandler": "foreign tables are refused",
    "pg_foreign_data_wrapper.fdwvalidator": "runs at DDL",
    "pg_language.laninline": "DO is refused",
    "pg_language.lanplcallfoid": "a language is known with its handler",
    "pg_language.lanvalidator": "runs at DDL",
    "pg_proc.prolang": "a language that is not known is refused",
    "pg_transform.trflang": "a language that is not known is refused",
    "pg_transform.trffromsql": "only languages that are refused have transforms",
    "pg_transform.trftosql": "only languages that are refused have transforms",
    "pg_trigger.tgfoid": "triggers are read on their own",
    "pg_ts_parser.prsend": "recorded in pg_depend",
    "pg_ts_parser.prsheadline": "recorded in pg_depend",
    "pg_ts_parser.prslextype": "recorded in pg_depend",
    "pg_ts_parser.prsstart": "recorded in pg_depend",
    "pg_ts_parser.prstoken": "recorded in pg_depend",
    "pg_ts_template.tmplinit": "recorded in pg_depend",
    "pg_ts_template.tmpllexize": "recorded in pg_depend",
    "pg_statistic": "names only what the column's type has",
}


def test_no_column_of_a_catalog_that_refers_to_what_runs_is_overlooked(world: World) -> None:
    text = (sql_directory() / "effects" / "dependencies.sql").read_text()
    followed = set(re.findall(r"\w+", text))
    with world.admin() as connection:
        columns = connection.execute(
            "SELECT fktable::text, unnest(fkcols) FROM pg_get_catalog_foreign_keys() WHERE pktable::text IN ('pg_proc',"
            " 'pg_operator', 'pg_opclass', 'pg_opfamily', 'pg_am', 'pg_language')"
        ).fetchall()
        trees = connection.execute(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class AS c ON c.oid = attrelid"
            " WHERE atttypid = 'pg_node_tree'::regtype AND relkind = 'r' AND attnum > 0"
        ).fetchall()
    assert len(columns) > 40
    for table, column in [*columns, *trees]:
        known = column in followed or f"{table}.{column}" in ELSEWHERE or table in ELSEWHERE
        assert known, f"{table}.{column}"
