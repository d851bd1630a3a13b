"""What a person could see as different has another hash, for every type; the same row hashes alike everywhere."""

from __future__ import annotations

from itertools import combinations

import pytest
from fingerprint_samples import EXTENSIONS, OWN, SAMPLES, WITHOUT_INPUT
from fingerprint_world import Place, identifier

#: Every type that a column can have and that comes with the server; what it is made of is asked of the catalog.
SHIPPED = """
    SELECT format_type(t.oid, NULL), t.typtype::text FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
     WHERE n.nspname IN ('pg_catalog', 'information_schema') AND t.typisdefined AND t.typtype <> 'p' ORDER BY 1"""

#: What SHIPPED calls them, and what a column of no length is called.
_NAMES = {
    "smallint": "int2",
    "integer": "int4",
    "bigint": "int8",
    "boolean": "bool",
    "real": "float4",
    "double precision": "float8",
    "character": "bpchar",
    "character varying": "varchar",
    "bit varying": "varbit",
    "time without time zone": "time",
    "time with time zone": "timetz",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}


def seen_apart(place: Place, type_name: str, values: list[str]) -> dict[str, str]:
    """The hash of each value and of NULL; each is another."""
    wanted = [*dict.fromkeys(["NULL", *values])]
    found = dict(zip(wanted, place.hashes(type_name, wanted), strict=True))
    same = [(a, b) for a, b in combinations(found, 2) if found[a] == found[b]]
    assert same == [], f"{type_name} on {place.name}: these hash alike"
    return found


def alike(places: list[Place], type_name: str, values: list[str]) -> None:
    """As :func:`seen_apart` on every server, and the same on all that know the values."""
    seen: dict[str, str] = {}
    for place in places:
        known = [value for value in values if place.can(f"SELECT ({value})::{type_name}")]
        for value, found in seen_apart(place, type_name, known).items():
            assert seen.setdefault(value, found) == found, f"{type_name} {value} on {place.name} hashes otherwise"


@pytest.mark.parametrize("type_name", SAMPLES)
def test_shipped(places: list[Place], type_name: str) -> None:
    alike(places, type_name, SAMPLES[type_name])


@pytest.mark.parametrize("type_name", [name for name in SAMPLES if name != "xml"])
def test_samples_can_be_written(place: Place, type_name: str) -> None:
    """Otherwise the test above would look at nothing."""
    for value in SAMPLES[type_name]:
        assert place.can(f"SELECT ({value})::{type_name}"), value


def test_every_type_that_is_shipped_has_samples(places: list[Place]) -> None:
    for place in places:
        shipped = [name for name, kind in place.rows(SHIPPED) if kind != "c"]
        base = {_NAMES.get(name, name) for name in shipped if not name.endswith("[]")}
        assert base - SAMPLES.keys() - WITHOUT_INPUT.keys() == set(), place.name


def test_every_type_that_is_shipped_can_be_hashed(places: list[Place]) -> None:
    """Arrays and the row types of catalogs too; with NULLs only, because what counts is that the query can run."""
    for place in places:
        names = [name for name, _ in place.rows(SHIPPED)]
        usable = [name for name in names if place.can(f"CREATE TABLE probe (c {name})")]
        assert len(usable) > 400, place.name
        columns = ", ".join(f"c{number} {name}" for number, name in enumerate(usable))
        place.run("DROP TABLE IF EXISTS everything", f"CREATE TABLE everything ({columns})")
        place.run("INSERT INTO everything (c0) VALUES (NULL)")
        assert place.fingerprint(place.table("everything")).rows == 1


def test_values_of_every_array(places: list[Place]) -> None:
    """An array of each type with samples."""
    for place in places:
        for type_name, values in SAMPLES.items():
            if type_name.endswith("[]") or not place.can(f"SELECT ({values[0]})::{type_name}"):
                continue
            first, *rest = (f"ARRAY[({value})::{type_name}]" for value in values)
            seen_apart(place, f"{type_name}[]", [first, *rest[:2]])


@pytest.mark.parametrize("type_name", WITHOUT_INPUT)
def test_what_only_the_server_makes(places: list[Place], type_name: str) -> None:
    for place in places:
        place.run(
            "DROP TABLE IF EXISTS with_statistics",
            "CREATE TABLE with_statistics AS SELECT n % 7 AS a, n % 7 AS b FROM generate_series(1, 1000) AS n",
            "ALTER TABLE with_statistics ADD c int DEFAULT 1 + 1",
            "CREATE STATISTICS all_of_them ON a, b FROM with_statistics",
            "ANALYZE with_statistics",
            "DROP TABLE IF EXISTS made_by_server",
        )
        source = {
            "pg_node_tree": "SELECT adbin AS c FROM pg_attrdef WHERE adrelid = 'with_statistics'::regclass",
            "pg_dependencies": "SELECT stxddependencies AS c FROM pg_statistic_ext_data",
            "pg_mcv_list": "SELECT stxdmcv AS c FROM pg_statistic_ext_data",
            "pg_ndistinct": "SELECT stxdndistinct AS c FROM pg_statistic_ext_data",
        }.get(type_name, f"SELECT NULL::{type_name} AS c")
        if not place.can(f"CREATE TABLE made_by_server AS {source}"):
            continue
        place.run(f"CREATE TABLE made_by_server AS {source}")
        assert place.fingerprint(place.table("made_by_server")).rows == 1


@pytest.fixture(scope="module")
def with_own_types(places: list[Place]) -> list[Place]:
    """The types of :data:`OWN`; on each server their oids differ."""
    for number, place in enumerate(places):
        place.run(*(f"CREATE TYPE before_{count} AS ENUM ()" for count in range(number * 5)))
        for statements, _ in OWN.values():
            place.run(*statements)
    return places


@pytest.mark.parametrize("type_name", OWN)
def test_own(with_own_types: list[Place], type_name: str) -> None:
    for value in OWN[type_name][1]:
        assert with_own_types[0].can(f"SELECT ({value})::{type_name}"), value
    alike(with_own_types, type_name, OWN[type_name][1])


@pytest.mark.parametrize("type_name", EXTENSIONS)
def test_extensions(places: list[Place], type_name: str) -> None:
    extension, values = EXTENSIONS[type_name]
    having = [place for place in places if place.can(f"CREATE EXTENSION {identifier(extension)}")]
    if not having:
        pytest.skip("no server here has this extension")
    for place in having:
        place.run(f"CREATE EXTENSION IF NOT EXISTS {identifier(extension)}")
    alike(having, type_name, values)


def test_a_value_is_not_where_its_neighbour_is(place: Place) -> None:
    """Also between columns: NULL beside a value, a value beside NULL, and text that runs together."""
    place.run("DROP TABLE IF EXISTS neighbours", "CREATE TABLE neighbours (a text, b text, c text)")
    rows = ["('a', NULL, NULL)", "(NULL, 'a', NULL)", "(NULL, NULL, 'a')", "('a', 'b', '')", "('ab', '', '')"]
    rows += ["('b', 'a', '')", "('', 'ab', '')", "(NULL, NULL, NULL)", "('', '', '')", "('', NULL, '')"]
    table, found = place.table("neighbours"), set()
    for row in rows:
        place.run("TRUNCATE neighbours", f"INSERT INTO neighbours VALUES {row}")
        found.add(place.fingerprint(table).hash)
    assert len(found) == len(rows)


def test_strings_in_a_collation_that_calls_them_equal(places: list[Place]) -> None:
    create = "CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"
    having = [place for place in places if place.can(create)]
    if not having:
        pytest.skip("no server here was built with ICU")
    for place in having:
        place.run(create)
        seen_apart(place, "text COLLATE blind", ["'a'", "'A'", "'á'"])
