"""Partitioned content: the two sides may be cut differently, or only one of them at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.pair import Pair
from test_window_schemas import Case, Tour, travel

CASES = [
    Case(
        "partitioned, cut differently",
        "shop.parts",
        """CREATE TABLE shop.parts (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
           CREATE TABLE shop.parts_1 PARTITION OF shop.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
           CREATE TABLE shop.parts_2 PARTITION OF shop.parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
           CREATE TABLE shop.parts_rest PARTITION OF shop.parts DEFAULT""",
        make_dev="""CREATE TABLE shop.parts (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY HASH (id);
           CREATE TABLE shop.parts_h0 PARTITION OF shop.parts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
           CREATE TABLE shop.parts_h1 PARTITION OF shop.parts FOR VALUES WITH (MODULUS 2, REMAINDER 1)""",
        both="INSERT INTO shop.parts SELECT n, '2024-06-01'::date + n * 10, 'v' FROM generate_series(1, 90) n",
        dev="INSERT INTO shop.parts VALUES (1000, '2031-01-01', 'far'); UPDATE shop.parts SET v = 'w' WHERE id % 9 = 0",
        edit="UPDATE shop.parts SET v = 'x' WHERE id < 20; INSERT INTO shop.parts VALUES (2000, '2024-03-01', 'n')",
    ),
    Case(
        "partitioned on production only",
        "shop.parts_here",
        """CREATE TABLE shop.parts_here (id int PRIMARY KEY, v text) PARTITION BY LIST (id);
           CREATE TABLE shop.parts_here_1 PARTITION OF shop.parts_here FOR VALUES IN (1, 2, 3) PARTITION BY RANGE (id);
           CREATE TABLE shop.parts_here_1a PARTITION OF shop.parts_here_1 DEFAULT;
           CREATE TABLE shop.parts_here_rest PARTITION OF shop.parts_here DEFAULT""",
        make_dev="CREATE TABLE shop.parts_here (id int PRIMARY KEY, v text)",
        both="INSERT INTO shop.parts_here VALUES (1, 'a'), (9, 'b')",
        dev="INSERT INTO shop.parts_here VALUES (2, 'c'), (10, 'd'); UPDATE shop.parts_here SET v = 'e' WHERE id = 9",
        edit="UPDATE shop.parts_here SET v = 'f'; INSERT INTO shop.parts_here VALUES (3, 'g')",
    ),
    Case(
        "partitioned on dev only",
        "shop.parts_there",
        "CREATE TABLE shop.parts_there (id serial PRIMARY KEY, v text)",
        make_dev="""CREATE TABLE shop.parts_there (id serial PRIMARY KEY, v text) PARTITION BY HASH (id);
           CREATE TABLE shop.parts_there_0 PARTITION OF shop.parts_there FOR VALUES WITH (MODULUS 2, REMAINDER 0);
           CREATE TABLE shop.parts_there_1 PARTITION OF shop.parts_there FOR VALUES WITH (MODULUS 2, REMAINDER 1)""",
        both="INSERT INTO shop.parts_there (v) VALUES ('a'), ('b')",
        dev="INSERT INTO shop.parts_there (v) VALUES ('c'), ('d'); UPDATE shop.parts_there SET v = 'e' WHERE id = 2",
        edit="UPDATE shop.parts_there SET v = 'f'; INSERT INTO shop.parts_there (v) VALUES ('g')",
    ),
]


@pytest.fixture(scope="module")
def tour(new_pair: Callable[..., Pair]) -> Tour:
    cases = [Case("serial", "shop.serial", "CREATE TABLE shop.serial (id serial PRIMARY KEY, v text)"), *CASES]
    return travel(new_pair(template="template1", set_up=False), cases, users=False)


@pytest.mark.parametrize("command", ["enable", "validate", "disable", "restore"])
def test_partitions_through_the_whole_window(tour: Tour, command: str) -> None:
    assert tour.results[command].exit_code == 0, str(tour.results[command])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_partitions_are_as_on_dev(tour: Tour, case: Case) -> None:
    assert [when for when, names in tour.differing.items() if case.name in names] == []


def test_partitions_are_put_back(tour: Tour) -> None:
    assert tour.changed == []
    assert tour.left == []


def test_doctor_names_a_new_partition_that_the_worker_may_not_write(tour: Tour) -> None:
    """The worker is asked for its privileges on the part, although a statement through the root needs none."""
    tour.pair.prod_sql(
        "CREATE TABLE shop.parts_new PARTITION OF shop.parts FOR VALUES FROM ('2040-01-01') TO (MAXVALUE)"
    )
    doctor = tour.pair.cli("doctor")
    assert doctor.exit_code == 4, str(doctor)
    remedies = [check["remedy"] for check in doctor.json["checks"] if check["severity"] == "error"]
    assert remedies == [
        f'GRANT {privilege} ON "shop".parts_new TO "egrow_apply";' for privilege in ("INSERT", "SELECT", "UPDATE")
    ]
    tour.pair.set_up()
    assert tour.pair.cli("doctor").exit_code == 0


@pytest.mark.slow
def test_a_superuser_grants_the_partitions_too(new_lab: Callable[..., Pair]) -> None:
    pair = new_lab(set_up=False)
    pair.use_superuser()
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    cases = [Case("serial", "shop.serial", "CREATE TABLE shop.serial (id serial PRIMARY KEY, v text)"), *CASES]
    toured = travel(pair, cases, users=False, set_up=False)
    assert [str(result) for result in toured.results.values() if result.exit_code] == []
    assert toured.differing == {"after enable": []}
    assert toured.left == []


@pytest.mark.parametrize("command", ["enable", "validate", "disable", "restore"])
def test_a_database_of_content_alone_has_nothing_to_protect(tour: Tour, command: str) -> None:
    """No user's table is there that could be harmed: that is intact, and said."""
    answer = tour.results[command].json
    validation = answer.get("validation", answer)
    assert (validation["verdict"], validation["tables"], validation["problems"]) == ("intact", [], [])
    assert any("nothing to protect" in note for note in validation["notes"])
