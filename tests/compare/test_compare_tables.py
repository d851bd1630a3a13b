"""Tables of every sort, and what is said about them."""

from __future__ import annotations

import signal

import pytest
from compare_world import PROD, SCHEMA, Bench, Found, look
from support.waiting import wait_until

from egrow_replica.cli.differences import WHOLE_LENGTH, difference_lines
from egrow_replica.errors import PreflightFailed

NOTHING = Found((), (), (), 0, ())


def test_only_key_columns(bench: Bench) -> None:
    answer = bench.table("a int, b text, PRIMARY KEY (a, b)", [(1, "x"), (2, "x")], [(1, "x"), (1, "y")])
    assert answer == Found(("(2, x)",), (), ("(1, y)",), 1, ())


def test_empty_tables(bench: Bench) -> None:
    rows = [(number,) for number in range(300)]
    assert bench.table("id int PRIMARY KEY") == NOTHING
    assert len(bench.table("id int PRIMARY KEY", rows).new) == 300
    answer = bench.table("id int PRIMARY KEY", (), rows)
    assert (len(answer.production_only), answer.unchanged) == (300, 0)


def test_null_empty_and_missing_are_three_things(bench: Bench) -> None:
    answer = bench.table(
        "id int PRIMARY KEY, v text",
        [(1, None), (2, ""), (3, "NULL"), (4, None)],
        [(1, ""), (2, None), (3, None), (4, None)],
    )
    assert answer.changes == (("1", "v", "", None), ("2", "v", None, ""), ("3", "v", None, "NULL"))
    assert answer.unchanged == 1


def test_huge_rows(bench: Bench) -> None:
    text = "word " * 400_000
    changed = text[:1_000_000] + "X" + text[1_000_001:]
    answer = bench.table("id int PRIMARY KEY, v text", [(1, text), (2, changed)], [(1, text), (2, text)])
    assert answer.updated == ("2",)
    ((_, _, old, new),) = answer.changes
    shown = list(difference_lines(old, new))
    assert all(len(line) < 3 * WHOLE_LENGTH for _, line in shown)
    assert any("X" in line for mark, line in shown if mark == "+")


def test_quoted_names(bench: Bench) -> None:
    definition = '"Key "" of" text PRIMARY KEY, "a.b" int, "SELECT" text, "ñ" int'
    answer = bench.table(
        definition, [("k", 1, "x", 2)], [("k", 1, "y", 3)], name='Odd "Name". é', production_columns={}
    )
    assert answer.changes == (("k", "SELECT", "y", "x"), ("k", "ñ", "3", "2"))


def test_production_columns_are_left_out_and_said_so(bench: Bench) -> None:
    answer = bench.table(
        "id int PRIMARY KEY, v int, count int, twice int GENERATED ALWAYS AS (count * 2) STORED",
        (),
        (),
    )
    for run, count in ((bench.pair.dev_sql, 1), (bench.pair.prod_sql, 99)):
        run(f"INSERT INTO {SCHEMA}.t VALUES (1, 5, {count})")
    bench.configure(f"{SCHEMA}.t", production_columns={f"{SCHEMA}.t": ["count"]})
    (one,) = look(bench.pair).tables
    assert answer == NOTHING
    assert (one.unchanged, one.updated, one.left_out) == (1, 0, ("count",))
    shown = bench.pair.ok("compare").json["tables"][0]
    assert shown["left_out"] == ["count"]


def test_row_filters_apply_to_dev_only(bench: Bench) -> None:
    bench.table(
        "id int PRIMARY KEY, status text",
        [(1, "LIVE"), (2, "DRAFT"), (3, "DRAFT")],
        [(1, "LIVE"), (3, "LIVE")],
    )
    bench.configure(f"{SCHEMA}.t", filters={f"{SCHEMA}.t": "status <> 'DRAFT'"})
    bench.pair.configure(window={"publish": ["insert"]})
    (one,) = look(bench.pair).tables
    bench.pair.configure(window={"publish": ["insert", "update"]})
    assert (one.new, one.updated, one.unchanged, one.production_only) == (0, 0, 1, 1)


def test_columns_in_another_order(bench: Bench) -> None:
    answer = bench.table(
        "id int PRIMARY KEY, a text, b text",
        [(1, "x", "y")],
        [("y", 1, "x")],
        on_prod="b text, id int PRIMARY KEY, a text",
    )
    assert answer.unchanged == 1


def test_unclassified_tables_are_listed(bench: Bench) -> None:
    bench.table("id int PRIMARY KEY")
    bench.pair.prod_sql(f"CREATE TABLE {SCHEMA}.stranger (id int)")
    names = [str(name) for name in look(bench.pair).unclassified]
    assert f"{SCHEMA}.stranger" in names
    assert f"{SCHEMA}.t" not in names


def test_a_table_that_is_not_content(bench: Bench) -> None:
    bench.table("id int PRIMARY KEY")
    with pytest.raises(PreflightFailed, match=r"public\.users is not a content table") as caught:
        look(bench.pair, "public.users")
    assert caught.value.code == "unknown-table"
    result = bench.pair.cli("compare", "--table", "public.users")
    assert result.exit_code == 4, str(result)


def test_exit_code(bench: Bench) -> None:
    bench.table("id int PRIMARY KEY", [(1,)], [(1,), (2,)])
    assert bench.pair.cli("compare", "--exit-code").exit_code == 0  # nothing that a window would change
    bench.pair.dev_sql(f"INSERT INTO {SCHEMA}.t VALUES (3)")
    assert bench.pair.cli("compare").exit_code == 0
    assert bench.pair.cli("compare", "--exit-code").exit_code == 9


def test_an_error_of_one_server_names_it_and_ends_the_other(bench: Bench) -> None:
    bench.table("id int PRIMARY KEY, v int", [(1, 0), (2, 1)], [(1, 0)])
    bench.configure(f"{SCHEMA}.t", filters={f"{SCHEMA}.t": "10 / v > 1"})
    bench.pair.configure(window={"publish": ["insert"]})
    result = bench.pair.cli("compare")
    bench.pair.configure(window={"publish": ["insert", "update"]})
    assert result.exit_code not in (0, 1), str(result)
    assert "dev" in result.message
    assert "division by zero" in result.message
    wait_until(lambda: not bench.pair.sessions(), 10, what="the end of our sessions")


def test_an_interrupt_ends_what_both_servers_do(bench: Bench) -> None:
    bench.table("id int PRIMARY KEY", [(1,)], [(1,)])
    waiting = f"SELECT count(*) FROM pg_locks WHERE relation = '{SCHEMA}.t'::regclass AND NOT granted"
    with bench.pair.holding(PROD, f"LOCK TABLE {SCHEMA}.t"), bench.pair.start("compare") as running:
        wait_until(lambda: bench.pair.value(PROD, waiting) == 1, 60, what="the lock that compare waits for")
        running.send(signal.SIGINT)
        # Less than the lock_timeout of 30 s, after which it would end by itself.
        assert running.result(20).exit_code == 130
        wait_until(lambda: not bench.pair.sessions(), 10, what="the end of our sessions")
