"""Fingerprints of whole tables: what they depend on, what they do not, and which tables they can be taken of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fingerprint_world import SEED, Place, identifier

from egrow_replica.errors import EgrowError, ExitCode
from egrow_replica.evidence.fingerprint import Wanted, measure

FIFTY = "SELECT n, md5(n::text) AS a, md5((n * 7)::text) AS b, n * interval '1 day' AS c FROM generate_series(1, 50) n"


@pytest.fixture
def sample(place: Place) -> Iterator[str]:
    """A table of fifty rows, for tests that change it."""
    place.run("DROP TABLE IF EXISTS sample", f"CREATE TABLE sample AS {FIFTY}")
    yield "sample"
    place.run("DROP TABLE sample")


def test_two_rows_that_exchange_a_value(place: Place, sample: str) -> None:
    """The sum of the rows' hashes must not be the sum of the values' hashes."""
    table = place.table(sample)
    before = place.fingerprint(table).hash
    for row in range(1, 50):
        for column in ("a", "b", "c"):
            swap = f"""UPDATE sample AS s SET {column} = o.{column} FROM sample AS o
                        WHERE s.n IN ({row}, {row + 1}) AND o.n = {2 * row + 1} - s.n"""
            place.run(swap)
            assert place.fingerprint(table).hash != before, (row, column)
            place.run(swap)
    assert place.hash(sample) == before


def test_three_rows_that_pass_a_value_on(place: Place, sample: str) -> None:
    before = place.hash(sample)
    place.run("UPDATE sample SET a = md5(((n % 3) + 1)::text) WHERE n <= 3")
    assert place.hash(sample) != before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE sample SET a = overlay(a PLACING 'X' FROM 7 FOR 1) WHERE n = 31",
        "UPDATE sample SET a = NULL WHERE n = 31",
        "DELETE FROM sample WHERE n = 31",
        "INSERT INTO sample SELECT * FROM sample WHERE n = 31",
        "INSERT INTO sample DEFAULT VALUES",
        "UPDATE sample SET c = '1 mon' WHERE n = 30",
        "DELETE FROM sample",
    ],
)
def test_a_change(place: Place, sample: str, change: str) -> None:
    before = place.fingerprint(place.table(sample))
    place.run(change)
    after = place.fingerprint(place.table(sample))
    assert (after.rows, after.hash) != (before.rows, before.hash)


def test_equal_rows_do_not_cancel_out(place: Place, sample: str) -> None:
    found = []
    for _ in range(3):
        found.append(place.hash(sample))
        place.run("INSERT INTO sample SELECT * FROM sample WHERE n = 1")
        place.run("INSERT INTO sample SELECT * FROM sample WHERE n = 1 LIMIT 1")
    assert len(set(found)) == 3


def test_the_order_of_rows_does_not_count(places: list[Place]) -> None:
    found = set()
    for order in ("n", "n DESC", "a", "b"):
        for place in places:
            place.run("DROP TABLE IF EXISTS ordered", f"CREATE TABLE ordered AS {FIFTY} ORDER BY {order}")
            found.add(place.hash("ordered"))
    assert len(found) == 1


def test_columns_are_taken_as_chosen(places: list[Place]) -> None:
    """In the order given, whatever the order in the table and whatever was dropped from it."""
    found = set()
    for number, place in enumerate(places):
        place.run("DROP TABLE IF EXISTS chosen", f"CREATE TABLE chosen AS {FIFTY}")
        if number == 1:
            place.run(
                "DROP TABLE chosen",
                f"CREATE TABLE chosen AS SELECT c, 1 AS gone, b, a, NULL::json AS also, n FROM ({FIFTY}) AS f",
                "ALTER TABLE chosen DROP gone, DROP also",
            )
        table = place.table("chosen")
        columns = tuple(sorted(table.columns, key=lambda column: column.name))
        found.add(place.fingerprint(table, columns).hash)
        assert place.fingerprint(table, columns[:2]).hash not in found
    assert len(found) == 1


def test_a_column_that_was_dropped_and_added_again(place: Place, sample: str) -> None:
    before = place.hash(sample)
    place.run("ALTER TABLE sample ADD d int DEFAULT 4", "ALTER TABLE sample DROP d")
    assert place.hash(sample) == before
    place.run("VACUUM FULL sample")
    assert place.hash(sample) == before


def test_the_seed_counts(place: Place, sample: str) -> None:
    table = place.table(sample)
    seeds = (SEED, SEED + 1, 0, 1, -1, 2**63 - 1, -(2**63))
    assert len({place.fingerprint(table, seed=seed).hash for seed in seeds}) == len(seeds)


SETTINGS = {
    "TimeZone": "'Asia/Kathmandu'",
    "DateStyle": "'SQL, DMY'",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "-5",
    "bytea_output": "escape",
    "xmlbinary": "hex",
    "search_path": "elsewhere, public",
    "client_encoding": "LATIN1",
    "default_transaction_isolation": "serializable",
    "max_parallel_workers_per_gather": "0",
    "enable_seqscan": "off",
    "jit": "off",
}


def test_settings_of_the_role_and_the_database_do_not_count(place: Place) -> None:
    place.run(
        "DROP TABLE IF EXISTS settings_count",
        """CREATE TABLE settings_count AS SELECT now() AS a, now()::date AS b, interval '3 mons 4 days 5 sec' AS c,
                  pi() AS d, '\\xc3b1'::bytea AS e, 'ñ'::bpchar AS f, ARRAY[now()] AS g, tstzrange(now(), NULL) AS h,
                  ARRAY[pi()] AS i, ARRAY['\\xc3b1'::bytea] AS j, 'pg_class'::regclass AS k, point(pi(), 0) AS l,
                  ARRAY[interval '3 mons'] AS m, 12.5::money AS n, ARRAY[12.5::money] AS o, 'ñ'::text AS p""",
        "DROP ROLE IF EXISTS odd",
        "CREATE ROLE odd LOGIN SUPERUSER PASSWORD 'odd'",
        *(f"ALTER ROLE odd SET {name} = {value}" for name, value in SETTINGS.items()),
    )
    try:
        with place.open_door(user="odd", password="odd") as door:
            assert place.hash("settings_count", door=door) == place.hash("settings_count")
    finally:
        place.run("DROP ROLE odd")


def test_parallel_workers_do_not_count(place: Place) -> None:
    """Also strings: a worker does not know the client's encoding."""
    place.run(
        "DROP TABLE IF EXISTS parallel",
        """CREATE TABLE parallel AS SELECT n, 'ñ' || n AS a, ('ñ' || n)::bpchar AS b, ('ñ' || n)::name AS c,
                  ARRAY['ñ' || n] AS d, jsonb_build_object('ñ', n) AS e FROM generate_series(1, 20000) AS n""",
        "ANALYZE parallel",
    )
    alone = place.hash("parallel")
    place.run("ALTER TABLE parallel SET (parallel_workers = 2)")
    forced = ("min_parallel_table_scan_size = 0", "parallel_setup_cost = 0", "parallel_tuple_cost = 0")
    place.run(*(f"ALTER DATABASE fingerprints SET {setting}" for setting in forced))
    with place.open_door() as door:
        assert place.hash("parallel", door=door) == alone
    place.run(*(f"ALTER DATABASE fingerprints RESET {setting.split()[0]}" for setting in forced))


# ------------------------------------------------------------------------------------------------------ kinds of table


def test_a_table_without_columns(place: Place) -> None:
    place.run("DROP TABLE IF EXISTS hollow", "CREATE TABLE hollow ()")
    table = place.table("hollow")
    assert (place.fingerprint(table).rows, place.fingerprint(table).hash) == (0, "0")
    place.run("INSERT INTO hollow DEFAULT VALUES", "INSERT INTO hollow DEFAULT VALUES")
    assert place.fingerprint(table).rows == 2


def test_a_table_without_rows(place: Place) -> None:
    place.run("DROP TABLE IF EXISTS barren", "CREATE TABLE barren (id int PRIMARY KEY, a text)")
    found = place.fingerprint(place.table("barren"))
    assert (found.rows, found.hash) == (0, "0")


def test_rows_of_nulls_are_counted(place: Place) -> None:
    place.run("DROP TABLE IF EXISTS nulls", "CREATE TABLE nulls (a int, b text)")
    for rows in range(3):
        assert place.fingerprint(place.table("nulls")).rows == rows
        place.run("INSERT INTO nulls DEFAULT VALUES")


@pytest.mark.parametrize("name", ["Catálogo.Artículo", 'a"b', "sel ect", "a'b; --", "%s $1 {0}", "SELECT", "ñ" * 31])
def test_odd_names(place: Place, name: str) -> None:
    quoted = identifier(name)
    place.run(
        f"DROP SCHEMA IF EXISTS {quoted} CASCADE",
        f"CREATE SCHEMA {quoted}",
        f"CREATE TYPE {quoted}.{quoted} AS ENUM ({_literal(name)})",
        f'CREATE TABLE {quoted}."T" ({quoted} {quoted}.{quoted}, "ROW" text, "row" text, t int)',
        f'INSERT INTO {quoted}."T" VALUES ({_literal(name)}, 1, 2, 3)',
    )
    table = place.table("T", schema=name)
    before = place.fingerprint(table)
    place.run(f'UPDATE {quoted}."T" SET "ROW" = 2, "row" = 1')
    after = place.fingerprint(table)
    assert (before.rows, after.rows) == (1, 1)
    assert before.hash != after.hash
    place.run(f"DROP SCHEMA {quoted} CASCADE")


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def test_parents_and_children_are_tables_of_their_own(place: Place) -> None:
    place.run(
        "DROP TABLE IF EXISTS parent CASCADE",
        "CREATE TABLE parent (a int)",
        "CREATE TABLE child (b int) INHERITS (parent)",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO child VALUES (2, 3), (4, 5)",
    )
    parent, child = place.table("parent"), place.table("child")
    assert (place.fingerprint(parent).rows, place.fingerprint(child).rows) == (1, 2)
    before = place.fingerprint(parent).hash
    place.run("UPDATE child SET a = 9")
    assert place.fingerprint(parent).hash == before


def test_partitions_hold_the_rows(place: Place) -> None:
    """The root has none of its own; its partitions, whatever their columns' order, are what is fingerprinted."""
    place.run(
        "DROP TABLE IF EXISTS parts CASCADE",
        "CREATE TABLE parts (a int, b text) PARTITION BY RANGE (a)",
        "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10)",
        "CREATE TABLE parts_2 (gone int, b text, a int)",
        "ALTER TABLE parts_2 DROP gone",
        "ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (10) TO (20)",
        "INSERT INTO parts SELECT n, n::text FROM generate_series(0, 19) AS n",
    )
    root, first, second = (place.table(name) for name in ("parts", "parts_1", "parts_2"))
    assert [place.fingerprint(table).rows for table in (root, first, second)] == [0, 10, 10]
    assert (root.relation.holds_rows, first.relation.holds_rows, second.relation.holds_rows) == (False, True, True)
    before = place.fingerprint(first).hash, place.fingerprint(second).hash
    place.run("UPDATE parts SET a = 15 WHERE a = 5")
    after = place.fingerprint(first).hash, place.fingerprint(second).hash
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_generated_columns_and_values_out_of_line(place: Place) -> None:
    place.run(
        "DROP TABLE IF EXISTS made",
        "CREATE TABLE made (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c text)",
        "ALTER TABLE made ALTER c SET STORAGE EXTERNAL",
        "INSERT INTO made VALUES (1, DEFAULT, repeat('x', 100000))",
    )
    table = place.table("made")
    before = place.fingerprint(table).hash
    place.run("UPDATE made SET c = overlay(c PLACING 'y' FROM 99999 FOR 1)")
    assert place.fingerprint(table).hash != before


def test_a_virtual_column(place: Place) -> None:
    if place.major < 18:
        pytest.skip("virtual columns came with 18")
    place.run(
        "DROP TABLE IF EXISTS virtual",
        "CREATE TABLE virtual (a int, b text GENERATED ALWAYS AS ('v' || a) VIRTUAL)",
        "INSERT INTO virtual VALUES (1)",
    )
    assert place.fingerprint(place.table("virtual")).rows == 1


def test_a_wide_table(place: Place) -> None:
    columns = ", ".join(f"c{number} numeric" for number in range(800))
    place.run("DROP TABLE IF EXISTS wide", f"CREATE TABLE wide ({columns})", "INSERT INTO wide (c7) VALUES ('1.0')")
    before = place.hash("wide")
    place.run("UPDATE wide SET c7 = '1.00'")
    assert place.hash("wide") != before


# -------------------------------------------------------------------------------------------------- what cannot be read


@pytest.fixture
def reader(place: Place) -> Iterator[dict[str, str]]:
    """A login without privileges of its own."""
    place.run("DROP ROLE IF EXISTS reader", "CREATE ROLE reader LOGIN PASSWORD 'reader'")
    yield {"user": "reader", "password": "reader"}
    place.run("DROP OWNED BY reader", "DROP ROLE reader")


def test_row_security_is_an_error_never_fewer_rows(place: Place, sample: str, reader: dict[str, str]) -> None:
    place.run(
        "GRANT SELECT ON sample TO reader",
        "ALTER TABLE sample ENABLE ROW LEVEL SECURITY",
        "CREATE POLICY few ON sample USING (n < 10)",
    )
    with place.open_door(**reader) as door:
        table = place.table(sample)
        with pytest.raises(EgrowError) as caught:
            place.fingerprint(table, door=door)
        assert caught.value.exit_code is ExitCode.PREFLIGHT
        assert "public.sample" in caught.value.message
        assert "row" in caught.value.message
        assert "BYPASSRLS" in caught.value.hint
        place.run("ALTER ROLE reader BYPASSRLS")
    with place.open_door(**reader) as door:
        assert place.fingerprint(table, door=door).rows == 50


def test_a_table_that_may_not_be_read(place: Place, sample: str, reader: dict[str, str]) -> None:
    with place.open_door(**reader) as door, pytest.raises(EgrowError) as caught:
        place.fingerprint(place.table(sample), door=door)
    assert caught.value.exit_code is ExitCode.PREFLIGHT
    assert "public.sample" in caught.value.message
    assert 'GRANT SELECT ON "public"."sample"' in caught.value.hint


def test_progress_only_grows(place: Place, sample: str) -> None:
    """A table without a byte, which comes last, is no new beginning."""
    place.run("CREATE TABLE nothing ()")
    seen: list[tuple[int, int]] = []
    tables = [place.table("nothing"), place.table(sample)]
    measure([place.door], [Wanted(one, one.columns) for one in tables], SEED, None, lambda *step: seen.append(step))
    total = sum(one.relation.bytes for one in tables)
    assert seen == [(0, total), (total, total), (total, total)]
    place.run("DROP TABLE nothing")
