"""Text keys under collations of ICU, libc and C, in databases that sort otherwise: PostgreSQL 15, built with ICU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from compare_world import DEV, PROD, Bench, look
from support.pair import Pair

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
WORDS = [
    "a",
    "B",
    "b",
    "é",
    "e\u0301",
    "Z",
    "ñ",
    "n",
    "ß",
    "ss",
    " x",
    "x",
    "x ",
    "",
    "日本",
    "\U0001f600",
    "a-b",
    "ab",
]
ICU = "; CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
ICU_ES = "; CREATE COLLATION es (provider = icu, locale = 'es')"
DATABASE = "sorted"
LOCALES = {
    DEV: "LOCALE 'C' ENCODING 'UTF8'",
    PROD: "LOCALE_PROVIDER icu ICU_LOCALE 'es' LOCALE 'C.UTF-8' ENCODING 'UTF8'",
}


@pytest.fixture(scope="module")
def sorted_otherwise(new_module_lab: Callable[..., Pair], tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Dev's database sorts by bytes, production's as ICU sorts Spanish."""
    lab = new_module_lab(set_up=False, load=False, bin_dir=DEBIAN_15).lab
    for server, locale in LOCALES.items():
        lab.on("postgres").psql(server, f"CREATE DATABASE {DATABASE} TEMPLATE template0 {locale};")
    return Bench(Pair(lab.on(DATABASE), tmp_path_factory.mktemp("sorted"), roles=frozenset()))


def test_text_keys_in_databases_that_sort_otherwise(sorted_otherwise: Bench) -> None:
    shown = "SELECT daticulocale FROM pg_database WHERE datname = current_database()"
    assert [sorted_otherwise.pair.value(server, shown) for server in (DEV, PROD)] == [None, "es"]
    answer = sorted_otherwise.table(
        "id text PRIMARY KEY, v int",
        [*((word, 1) for word in WORDS), ("dev", 1)],
        [*((word, 1) for word in reversed(WORDS)), ("prod", 1)],
    )
    assert (answer.new, answer.updated, answer.production_only) == (("dev",), (), ("prod",))
    assert answer.unchanged == len(WORDS)


@pytest.mark.parametrize(
    ("dev", "prod"),
    [
        ('COLLATE "C"', 'COLLATE "es-x-icu"'),
        ('COLLATE "es-x-icu"', 'COLLATE "C.utf8"'),
        ("COLLATE es" + ICU_ES, 'COLLATE "und-x-icu"'),
        ("COLLATE ci" + ICU, 'COLLATE "C"'),
    ],
    ids=["icu", "libc", "icu of one's own", "nondeterministic on dev"],
)
def test_text_keys_under_two_collations(sorted_otherwise: Bench, dev: str, prod: str) -> None:
    # What only a case tells apart cannot stand twice under a collation that ignores it.
    words = [word for word in WORDS if word not in ("b", "e\u0301")] if "ci" in dev else WORDS
    parts = [(column.partition(";")) for column in (dev, prod)]
    definitions = [f"id text {column} PRIMARY KEY, v int{end}{rest}" for column, end, rest in parts]
    answer = sorted_otherwise.table(
        definitions[0], [(word, 1) for word in words], [(word, 2) for word in words], on_prod=definitions[1]
    )
    assert answer.updated == tuple(sorted(words))
    assert (answer.new, answer.production_only, answer.unchanged) == ((), (), 0)


def test_composite_keys_under_a_collation_that_ignores_case(sorted_otherwise: Bench) -> None:
    definition = "a text COLLATE ci, b int, v int, PRIMARY KEY (a, b)" + ICU
    answer = sorted_otherwise.table(definition, [("x", 1, 1), ("x", 2, 1)], [("x", 1, 1), ("x", 2, 5)])
    assert (answer.updated, answer.unchanged) == (("(x, 2)",), 1)


def test_keys_that_only_a_collation_holds_for_equal_stop_a_window(sorted_otherwise: Bench) -> None:
    """They are compared as two rows; production would take them for one, so nothing is written."""
    definition = "id text COLLATE ci PRIMARY KEY, v text" + ICU
    answer = sorted_otherwise.table(definition, [("Intro", "new"), ("x", "y")], [("INTRO", "old")])
    assert (answer.new, answer.production_only) == (("Intro", "x"), ("INTRO",))
    pair = sorted_otherwise.pair
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    result = pair.cli("sync", "--no-backup", "--allow-unproven")
    assert result.exit_code == 4, str(result)
    assert result.error["code"] == "keys-alike"
    assert "(Intro)" in result.message
    assert "(INTRO)" in result.message
    assert pair.value(PROD, "SELECT string_agg(id || v, ',') FROM compared.t") == "INTROold"
    assert look(pair).tables[0].production_only == 1


def test_a_reconcile_leaves_the_key_as_production_has_it(sorted_otherwise: Bench) -> None:
    """It is what users' rows refer to, and as good as dev's."""
    pair = sorted_otherwise.pair
    sorted_otherwise.table("id numeric PRIMARY KEY, v text", [("1.0", "new")], [("1.00", "old")])
    pair.configure(logins={"stream": pair.lab.dev_admin_dsn})
    synced = pair.ok("sync", "--no-backup", "--allow-unproven")
    assert synced.json["validation"]["content"]["equal"] is True
    assert pair.value(PROD, "SELECT id || v FROM compared.t") == "1.00new"
    (one,) = look(pair).tables
    assert (one.respelled, one.updated, one.unchanged) == (1, 0, 1)
