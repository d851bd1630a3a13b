"""How the servers sort text, on databases that do not sort by bytes alike."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from doctor_world import DEV, PROD, apply, examine
from support.pair import SIDES, Pair

from egrow_replica.model import Severity, Side

TABLES = """
CREATE COLLATION public.early (PROVIDER = builtin, LOCALE = 'C.UTF-8');
CREATE TABLE public.words (id int PRIMARY KEY, word text UNIQUE, other text COLLATE public.early UNIQUE);
"""
LOCALES = {DEV: "LOCALE 'C'", PROD: "LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'"}


@pytest.fixture
def sorting(shared_pair: Pair) -> Iterator[Pair]:
    home = shared_pair.directory / "sorting"
    home.mkdir(exist_ok=True)
    try:
        for server in SIDES:
            shared_pair.run_sql(server, f"CREATE DATABASE sorting TEMPLATE template0 {LOCALES[server]}")
        pair = Pair(shared_pair.lab.on("sorting"), home, roles=shared_pair.roles)
        pair.both_sql(TABLES)
        pair.configure(tables={"content": ["words"]})
        pair.use_superuser()
        yield pair
    finally:
        for server in SIDES:
            shared_pair.run_sql(server, "DROP DATABASE IF EXISTS sorting WITH (FORCE)")


def test_databases_that_sort_otherwise(sorting: Pair) -> None:
    found = examine(sorting).one("drift-locale")
    assert (found.severity, found.server) == (Severity.INFO, Side.BOTH)
    assert "libc C" in found.message
    assert "builtin C.UTF-8" in found.message
    sorting.both_sql("CREATE UNIQUE INDEX ON public.words (lower(word))")
    found = examine(sorting).one("drift-locale")
    assert found.severity is Severity.WARNING
    assert "public.words" in found.message


def test_indexes_that_a_new_library_puts_out_of_order(sorting: Pair) -> None:
    assert {one.severity for one in examine(sorting).of("collation-version")} == {Severity.OK}
    # What a library that changes leaves behind: another version in the catalog than the machine's.
    sorting.prod_sql("UPDATE pg_database SET datcollversion = '0' WHERE datname = 'sorting'")
    sorting.both_sql("UPDATE pg_collation SET collversion = '0' WHERE collname = 'early'")
    stale = [one for one in examine(sorting).checks if one.id == "collation-version"]
    assert {(one.severity, one.server, one.subject) for one in stale} == {
        (Severity.WARNING, Side.PROD, "sorting"),
        (Severity.WARNING, Side.PROD, "public.early"),
        (Severity.WARNING, Side.DEV, "public.early"),
    }
    for one in stale:
        apply(sorting, one)
    assert {one.severity for one in examine(sorting).of("collation-version")} == {Severity.OK}
