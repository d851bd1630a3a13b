"""What PostgreSQL takes into a publication's filter, the guard does; each built-in operator and function is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from builders import _comparison, varied_scope
from psycopg import sql
from support.pair import open_directory
from support.versions import bin_dirs

from egrow_replica.guard import Policy, Refused, vet, vet_filter
from egrow_replica.guard.lists.functions import HARMLESS
from egrow_replica.guard.lists.immutable import IMMUTABLE
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server

COURSES = QualifiedName("public", "courses")
LINES = [line for line in Path(__file__).with_name("filters.txt").read_text().splitlines() if line[0] != "#"]

#: What stands for a type that takes many.
_SOME = {
    "anyarray": "int4[]", "anyelement": "int4", "anynonarray": "int4", "anyrange": "int4range", "any": "int4",
    "anymultirange": "int4multirange", "anycompatible": "int4", "anycompatiblearray": "int4[]",
    "anycompatiblenonarray": "int4", "anycompatiblerange": "int4range", "anycompatiblemultirange": "int4multirange",
}  # fmt: skip

#: Immutable functions that no filter may call, beside those that an operator, a type, an index or an aggregate stands
#: for: nothing ends them, they read a text search configuration, run what is in a partition key, or are a part of
#: another's machinery.
LEFT_OUT = re.compile(
    r"xpath(_exists)?|xmlexists|xmlvalidate|satisfies_hash_partition|(jsonb?_)?to_ts(vector|query)"
    r"|(plain|phrase|websearch_)to_tsquery|ts_(headline|lexize|rewrite|rank|rank_cd)|(icu_)?unicode_version"
    r"|pg_indexam_progress_phasename|postgresql_fdw_validator|\w+_(subdiff|canonical)|(not)?like|cash_words|textlen"
    r"|nameconcatoid|d(exp|log1|log10|round|trunc)|numeric_\w+|int4inc|int8_sum"
)
#: What takes a constant only: a number, a format, a path.
CONSTANTS_ONLY = frozenset(
    {
        "repeat", "lpad", "rpad", "array_fill", "bit", "bpchar", "varbit", "varchar", "polygon", "jsonb_path_exists",
        "jsonb_path_match", "jsonb_path_query_array", "jsonb_path_query_first", "@?", "@@",
    }
)  # fmt: skip


class World(NamedTuple):
    connection: psycopg.Connection[tuple[object, ...]]
    types: frozenset[str]


@pytest.fixture(scope="module", params=bin_dirs())
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    directory = bin_dirs()[request.param]
    with open_directory() as place, Lab.start(place / "lab", load=False, bin_dir=directory) as lab:
        lab.psql(Server.PROD, 'CREATE COLLATION public.mine FROM "C";')
        with psycopg.connect(lab.prod_admin_dsn, autocommit=True) as connection:
            connection.execute(_TABLE)
            found = connection.execute(_TYPES).fetchall()
            types = frozenset(str(name) for (name,) in found)
            columns = sql.SQL(", ").join(
                sql.SQL("{} {}").format(sql.Identifier(f"c_{name}"), sql.SQL(f'pg_catalog."{name}"')) for name in types
            )
            connection.execute(sql.SQL("CREATE TABLE public.every (id int PRIMARY KEY, {})").format(columns))
            connection.execute("SET search_path = pg_catalog")
            yield World(connection, types)


def _taken(world: World, table: str, condition: str) -> bool:
    """Whether the server takes a filter into a publication."""
    text = f"CREATE PUBLICATION p FOR TABLE ONLY public.{table} WHERE ({condition}\n) WITH (publish = 'insert')"
    try:
        with world.connection.transaction(force_rollback=True):
            world.connection.execute(text.encode())
    except psycopg.Error:
        return False
    return True


def _passes(table: str, condition: str) -> bool:
    """Whether the guard does, in a publication and wherever rows are compared."""
    try:
        plain = vet_filter(condition, table=QualifiedName("public", table))
    except Refused as refused:
        if refused.rule == "internal":
            pytest.fail(refused.reason)
        return False
    assert vet(f"SELECT t.id FROM ONLY public.{table} AS t WHERE ({plain})", Policy.reading())
    return True


def test_a_filter_passes_where_postgresql_takes_it(world: World) -> None:
    differences = []
    for line in LINES:
        difference, condition = re.fullmatch(r"(?:(literal|types|named|newer): )?(.*)", line).groups()  # type: ignore[union-attr]
        taken, passes = _taken(world, "courses", condition), _passes("courses", condition)
        wanted = {
            None: taken == passes,
            "literal": taken and not passes,
            "named": taken and not passes,
            "types": passes and not taken,
            "newer": passes,
        }[difference]
        if not wanted:
            differences.append((line, f"server: {taken}", f"guard: {passes}"))
    assert differences == []


@pytest.mark.parametrize("condition", ["tags && others", "title LIKE slug || '%'", "during @> id", "(id, n) > (1, 2)"])
def test_what_passes_passes_where_rows_are_compared(condition: str) -> None:
    scope = varied_scope()
    tables = tuple(table.model_copy(update={"filter": vet_filter(condition)}) for table in scope.tables[:2])
    for text in _comparison(scope.model_copy(update={"tables": tables}), ""):
        assert vet(text, Policy.for_window(content=[table.name for table in tables]))


def test_what_passes_finds_the_same_rows_without_the_tables_name(world: World) -> None:
    world.connection.execute("INSERT INTO public.courses (id, n, title) VALUES (1, 1, 'a'), (2, 2, 'b')")
    plain = vet_filter("courses.n > 1 AND public.courses.title = 'b' -- the second", table=COURSES)
    found = world.connection.execute(f"SELECT t.id FROM ONLY public.courses AS t WHERE ({plain})".encode()).fetchall()
    assert found == [(2,)]
    assert _taken(world, "courses", plain)


def test_every_immutable_operator_passes(world: World) -> None:
    refused = set()
    for name, left, right in world.connection.execute(_OPERATORS).fetchall():
        operands = [_SOME.get(str(one), str(one)) for one in (left, right) if one is not None]
        columns = [f'"c_{one.removesuffix("[]")}"' if one in world.types else f"NULL::{one}" for one in operands]
        if not all(one in world.types or one in _SOME.values() for one in operands):
            continue
        condition = f"({f' OPERATOR(pg_catalog.{name}) '.join(['', *columns][-2:])}) IS NOT NULL"
        if _taken(world, "every", condition) and not _passes("every", condition):
            refused.add(str(name))
    assert refused <= CONSTANTS_ONLY


def test_every_immutable_function_passes_or_is_named(world: World) -> None:
    refused = set()
    for name, arguments, has_other_face in world.connection.execute(_FUNCTIONS).fetchall():
        kinds = [_SOME.get(one, one) for one in arguments]  # type: ignore[attr-defined]
        if has_other_face or not all(one in world.types or one in _SOME.values() for one in kinds):
            continue
        values = [f'"c_{one}"' if one in world.types else f"NULL::{one}" for one in kinds]
        condition = f'pg_catalog."{name}"({", ".join(values)}) IS NOT NULL'
        if _taken(world, "every", condition) and not _passes("every", condition):
            refused.add(str(name))
    assert {name for name in refused if not LEFT_OUT.fullmatch(name)} <= CONSTANTS_ONLY


def test_the_list_is_made_of_what_is_immutable(world: World) -> None:
    """Every name of it is, for some types, on the newest server; nothing is on it that a query may not call."""
    assert IMMUTABLE <= HARMLESS
    if world.connection.info.server_version < 180000:
        return
    found = {str(name) for (name,) in world.connection.execute(_IMMUTABLE).fetchall()}
    assert IMMUTABLE - found == set()


_TABLE = """CREATE TABLE public.courses (id int PRIMARY KEY, n int, m int, title text, tags text[], data jsonb, j json,
  r int4range, mr int4multirange, b bytea, d date, ts timestamp, tz timestamptz, iv interval, i inet, mac macaddr,
  p point, u uuid, bits bit(3), num numeric, money money, lsn pg_lsn, c "char", bp char(3), tsv tsvector, x xml,
  active bool)"""
_TYPES = """SELECT t.typname::text FROM pg_catalog.pg_type AS t
 WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm')
   AND t.typname !~ '^(_|pg_(?!lsn))'"""
_OPERATORS = """SELECT o.oprname::text, l.typname::text, r.typname::text
  FROM pg_catalog.pg_operator AS o JOIN pg_catalog.pg_proc AS p ON p.oid = o.oprcode
  LEFT JOIN pg_catalog.pg_type AS l ON l.oid = o.oprleft JOIN pg_catalog.pg_type AS r ON r.oid = o.oprright
 WHERE o.oprnamespace = 'pg_catalog'::regnamespace AND p.provolatile = 'i'"""
#: With whether an operator, a type, an index, a cast or an aggregate stands for it.
_FUNCTIONS = """SELECT p.proname::text, ARRAY(SELECT t.typname::text FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY
                                           AS a (oid, n) JOIN pg_type AS t ON t.oid = a.oid ORDER BY a.n),
       EXISTS (SELECT FROM pg_operator AS o WHERE o.oprcode = p.oid)
    OR EXISTS (SELECT FROM pg_amproc AS a WHERE a.amproc = p.oid)
    OR EXISTS (SELECT FROM pg_cast AS c WHERE c.castfunc = p.oid)
    OR EXISTS (SELECT FROM pg_type AS t WHERE p.oid IN (t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodout))
    OR EXISTS (SELECT FROM pg_aggregate AS g
                WHERE p.oid IN (g.aggtransfn, g.aggfinalfn, g.aggcombinefn, g.aggmtransfn, g.aggminvtransfn))
  FROM pg_proc AS p
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provolatile = 'i' AND NOT p.proretset"""
_IMMUTABLE = """SELECT DISTINCT p.proname::text FROM pg_proc AS p
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f' AND p.provolatile = 'i' AND NOT p.proretset"""
