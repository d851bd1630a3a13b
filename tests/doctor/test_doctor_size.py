"""Wide tables and many tables: found too long beforehand, and looked at in sensible time."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from doctor_world import DEV, PROD, examine
from support.pair import Pair

from egrow_replica.model import Severity

#: More words in a statement than integers take: what has no short way to be hashed by is cast to text.
LONG = ", ".join(f'"respuesta número {number:04d} de la lección de año {number:04d}" int[]' for number in range(598))
SHORT = ", ".join(f'"respuesta_número_{number:04d}" int' for number in range(598))


def wide(pair: Pair, table: str, columns: str) -> None:
    pair.both_sql(f"SET ROLE academy_owner; CREATE TABLE public.{table} (id int PRIMARY KEY, {columns})")
    pair.dev_sql(f"INSERT INTO public.{table} VALUES (1)")


def test_a_table_is_too_wide_by_its_statements(pair: Pair) -> None:
    wide(pair, "wide", LONG)
    wide(pair, "narrow", SHORT)
    pair.configure(tables={"preset": "egrow-academy", "content": ["wide", "narrow"]})
    pair.set_up()
    begun = time.monotonic()
    found = examine(pair)
    assert time.monotonic() - begun < 60
    assert found.one("too-wide").subject == "public.wide"
    assert "599 columns" in found.one("too-wide").message
    assert {one.subject for one in found.checks if one.severity is Severity.ERROR} == {"public.wide"}


@pytest.mark.slow
def test_what_is_not_too_wide_travels_and_comes_back(pair: Pair) -> None:
    wide(pair, "narrow", SHORT)
    pair.configure(tables={"preset": "egrow-academy", "content": ["narrow"]})
    pair.set_up()
    assert [one.severity for one in examine(pair).of("too-wide")] == [Severity.OK]
    pair.ok("sync", "--no-backup")
    assert pair.value(PROD, "SELECT count(*) FROM public.narrow") == 1
    pair.ok("restore")
    assert pair.value(PROD, "SELECT count(*) FROM public.narrow") == 0


@pytest.mark.slow
def test_two_thousand_tables(new_pair: Callable[..., Pair]) -> None:
    pair = new_pair(set_up=False)
    statement = """DO $$ BEGIN FOR n IN 1..2000 LOOP
      EXECUTE format('CREATE TABLE public.t%s (id int PRIMARY KEY, u text UNIQUE, user_id text REFERENCES users)', n);
    END LOOP; END $$"""
    pair.both_sql("SET ROLE academy_owner; SET search_path = public; " + statement)
    pair.configure(tables={"preset": "egrow-academy", "content": [f"t{number}" for number in range(1, 21)]})
    pair.set_up()
    begun = time.monotonic()
    found = examine(pair)
    assert time.monotonic() - begun < 60
    assert found.failure is None
    assert "public.t2000" in found.one("unclassified").message
    assert pair.value(DEV, "SELECT count(*) FROM public.t1") == 0
