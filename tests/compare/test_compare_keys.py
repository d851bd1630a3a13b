"""Keys of every sort: two rows are one where the server's own ``=`` says so, on whichever server."""

from __future__ import annotations

import pytest
from compare_world import Bench, Found, look

SAME = Found(new=(), updated=(), production_only=(), unchanged=1, changes=())


@pytest.mark.parametrize("collation", ["ucs_basic", "POSIX", "pg_c_utf8", "pg_unicode_fast"])
def test_text_keys_under_two_collations(bench: Bench, collation: str) -> None:
    words = ["a", "B", "é", "e\u0301", "Z", "ñ", "n", "ß", "ss", " x", "x", "x ", "", "日本", "\U0001f600", "a-b", "ab"]
    assert bench.table(
        'id text COLLATE "C" PRIMARY KEY, v int',
        [(word, 1) for word in words],
        [(word, 1) for word in reversed(words)],
        on_prod=f'id text COLLATE "{collation}" PRIMARY KEY, v int',
    ).unchanged == len(words)


def test_keys_that_differ_by_case_accent_or_blank_are_different(bench: Bench) -> None:
    answer = bench.table("id text PRIMARY KEY", [("a",), ("é",), ("x",)], [("A",), ("e",), ("x ",)])
    assert (answer.new, answer.production_only) == (("a", "x", "é"), ("A", "e", "x "))


@pytest.mark.parametrize(
    ("definition", "dev", "prod"),
    [
        ("id numeric PRIMARY KEY", "1.0", "1.00"),
        ("id numeric PRIMARY KEY", "0", "0.000"),
        ("id numeric PRIMARY KEY", "1000000", "1000000.0"),
        ("id numeric PRIMARY KEY", "NaN", "NaN"),
        ("id float8 PRIMARY KEY", "0", "-0"),
        ("id float4 PRIMARY KEY", "0", "-0"),
        ("id interval PRIMARY KEY", "1 mon", "30 days"),
        ("id char(5) PRIMARY KEY", "ab", "ab   "),
        ("id citext PRIMARY KEY; CREATE EXTENSION citext", "Ab", "aB"),
        ("id price PRIMARY KEY; CREATE DOMAIN price AS numeric", "2.50", "2.5"),
    ],
)
def test_equal_keys_are_one_row(bench: Bench, definition: str, dev: str, prod: str) -> None:
    assert bench.table(definition, [(dev,)], [(prod,)]) == SAME


def test_a_key_that_looks_different_is_said_and_not_listed_as_a_change(bench: Bench) -> None:
    answer = bench.table(
        "id numeric PRIMARY KEY, v text",
        [("1.0", "new"), (2, "x"), ("3.0", "x")],
        [("1.00", "old"), (2, "x"), (3, "x")],
    )
    assert answer == Found((), ("1.0",), (), 2, (("1.0", "v", "old", "new"),))
    (one,) = look(bench.pair).tables
    assert one.respelled == 2
    assert one.keys is not None
    assert [(key.production, key.dev) for key in one.keys.respelled] == [("1.00", "1.0"), ("3", "3.0")]
    bench.pair.dev_sql("UPDATE compared.t SET v = 'old' WHERE id = 1")
    assert bench.pair.cli("compare", "--exit-code").exit_code == 0  # nothing that a window would change


def test_scale_of_an_ordinary_column_counts(bench: Bench) -> None:
    answer = bench.table("id int PRIMARY KEY, v numeric", [(1, "1.0")], [(1, "1.00")])
    assert answer.changes == (("1", "v", "1.00", "1.0"),)


@pytest.mark.parametrize(
    ("definition", "dev", "prod"),
    [
        ("id mood PRIMARY KEY; CREATE TYPE mood AS ENUM ('sad', 'ok')", "ok", "sad"),
        ("id code PRIMARY KEY; CREATE DOMAIN code AS text CHECK (VALUE <> '')", "a", "b"),
        ("id bytea PRIMARY KEY", "\\x00ff", "\\x00"),
        ("id uuid PRIMARY KEY", "00000000-0000-0000-0000-000000000001", "00000000-0000-0000-0000-000000000002"),
        ("id timestamptz PRIMARY KEY", "2026-01-01 00:00:00+00", "2026-01-01 00:00:00.000001+00"),
        ("id int8 PRIMARY KEY", "4294967297", "0"),
        ("id jsonb PRIMARY KEY", '{"a": 1}', '{"a": 2}'),
        ("id int[] PRIMARY KEY", "{1,2}", "{2,1}"),
        ("id numeric PRIMARY KEY", "1", "10000"),
        ("id int PRIMARY KEY", "64", "65"),  # neighbours, which share a bucket
        ("id int8 PRIMARY KEY", "-9223372036854775808", "9223372036854775807"),
        ("id small PRIMARY KEY; CREATE DOMAIN small AS int2", "-32768", "32767"),
    ],
)
def test_keys_of_every_type(bench: Bench, definition: str, dev: str, prod: str) -> None:
    assert bench.table(definition, [(dev,)], [(dev,)]) == SAME
    answer = bench.table(definition, [(dev,)], [(prod,)])
    assert (len(answer.new), len(answer.production_only), answer.unchanged) == (1, 1, 0)


def test_enum_labels_in_another_order(bench: Bench) -> None:
    definition = "id mood PRIMARY KEY, v int; CREATE TYPE mood AS ENUM ({})"
    rows = [("sad", 1), ("ok", 2)]
    answer = bench.table(
        definition.format("'sad', 'ok'"), rows, rows[::-1], on_prod=definition.format("'ok', 'x', 'sad'")
    )
    assert answer.unchanged == 2


def test_composite_keys(bench: Bench) -> None:
    definition = "a text, b uuid, c numeric, d timestamp, v int, PRIMARY KEY (d, b, a, c)"
    one, two = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    answer = bench.table(
        definition,
        [("x", one, "1.0", "2026-01-01", 1), ("y", one, 2, "2026-01-01", 1), ("x, y", two, 2, "2026-01-02", 1)],
        [("x", one, "1", "2026-01-01", 1), ("y", one, 2, "2026-01-01", 5), ("x", two, 2, "2026-01-02", 1)],
    )
    assert answer.unchanged == 1
    assert answer.updated == (f"(2026-01-01 00:00:00, {one}, y, 2)",)
    assert answer.new == (f"(2026-01-02 00:00:00, {two}, x, y, 2)",)
    assert answer.production_only == (f"(2026-01-02 00:00:00, {two}, x, 2)",)


def test_values_exchanged_between_rows_or_columns_count(bench: Bench) -> None:
    answer = bench.table(
        "a int, b int, v int, PRIMARY KEY (a, b)", [(1, 2, 5), (2, 1, 6), (3, 4, 0)], [(1, 2, 6), (2, 1, 5), (4, 3, 0)]
    )
    assert (answer.updated, answer.new, answer.production_only) == (("(1, 2)", "(2, 1)"), ("(3, 4)",), ("(4, 3)",))


def test_changes_are_read_side_by_side(bench: Bench) -> None:
    """Whichever rows the other server lacks in between."""
    rows = range(20)
    answer = bench.table(
        "id int PRIMARY KEY, v text, w text",
        [(row, f"dev {row}", "same") for row in rows if row % 5],
        [(row, f"prod {row}", "same") for row in rows if row % 7],
    )
    both = sorted(str(row) for row in rows if row % 5 and row % 7)
    assert answer.updated == tuple(both)
    assert answer.changes == tuple((key, "v", f"prod {key}", f"dev {key}") for key in both)
