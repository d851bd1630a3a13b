"""What the guard refuses by rules of their own, run without it: what the server does then is why."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from support.pair import open_directory
from support.versions import bin_dirs

from egrow_replica.guard import Policy, Refused, vet
from egrow_replica.guard.lists.functions import HARMLESS
from egrow_replica.guard.lists.hazards import may_be_a_call
from egrow_replica.guard.lists.results import RESULTS
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server

WORLD = """
CREATE SEQUENCE public.tickets;
CREATE TABLE public.trap (note text);
CREATE FUNCTION public.spring() RETURNS void LANGUAGE sql VOLATILE AS $$ INSERT INTO public.trap VALUES ('x') $$;
CREATE FUNCTION public.check_it(int) RETURNS bool LANGUAGE plpgsql AS
  $$ BEGIN PERFORM public.spring(); RETURN true; END $$;
CREATE DOMAIN public.five AS int CHECK (public.check_it(VALUE));
CREATE TABLE public.courses (id int PRIMARY KEY, fives public.five[], title text);
CREATE FUNCTION public.hash_it(int, bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS
  $$ BEGIN PERFORM public.spring(); RETURN 1; END $$;
CREATE OPERATOR CLASS public.loud FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 2 public.hash_it(int, bigint);
CREATE TABLE public.parts (id int) PARTITION BY HASH (id public.loud);
INSERT INTO public.courses VALUES (1, NULL, 'a');
TRUNCATE public.trap;
"""
_LOCK = """SELECT count(*) FROM pg_catalog.pg_locks
 WHERE relation = 'public.tickets'::regclass AND mode = 'RowExclusiveLock'"""
_SPRUNG = "SELECT count(*) FROM public.trap"
_ID = "SELECT count(*) FROM (SELECT pg_catalog.pg_current_xact_id_if_assigned() AS id) AS s WHERE id IS NOT NULL"

#: A statement, the rule that refuses it, and what counts what it did.
DONE = [
    ("SELECT * FROM pg_catalog.pg_sequences", "system-relation", _LOCK),
    ("SELECT ('public.tickets'::regclass).pg_sequence_last_value", "column", _LOCK),
    ("SELECT s.pg_sequence_last_value FROM unnest(ARRAY['public.tickets'::regclass]) AS s", "column", _LOCK),
    ("SELECT pg_catalog.txid_current()", "transaction-id", _ID),
    ("SELECT array_append(c.fives, '5') FROM public.courses AS c", "literal", _SPRUNG),
    ("SELECT c.fives = '{5}' FROM public.courses AS c", "literal", _SPRUNG),
    ("SELECT COALESCE(c.fives, '{5}') FROM public.courses AS c", "literal", _SPRUNG),
    ("SELECT satisfies_hash_partition('public.parts'::regclass, 2, 0, 5)", "function", _SPRUNG),
]

_BUILDING = "CREATE TEMPORARY TABLE large AS SELECT {} AS a, {} AS b"
_A, _BA, _B_A = "repeat('a', 90000)", "repeat('b', 4000) || 'a'", "'b' || repeat('a', 45000)"
#: Two large values, and what is made of them, for ten times its time-out at least.
ENDLESS = [
    (_A, _BA, "btrim(a, b)"),
    (_A, _BA, "translate(a, b, '')"),
    (_A, _B_A, "strpos(a, b)"),
    (_A, _B_A, "replace(a, b, '')"),
    (_A, "'%' || repeat('a', 45000) || 'b%'", "a LIKE b"),
    ("repeat(chr(768) || chr(803), 9000)", "''", "normalize(a)"),
]


@pytest.fixture(scope="module", params=bin_dirs())
def dsn(request: pytest.FixtureRequest) -> Iterator[str]:
    directory = bin_dirs()[request.param]
    with open_directory() as place, Lab.start(place / "lab", load=False, bin_dir=directory) as lab:
        lab.psql(Server.PROD, WORLD)
        yield lab.prod_admin_dsn


@pytest.fixture
def session(dsn: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    with psycopg.connect(dsn, options="-c search_path=pg_catalog,pg_temp") as connection:
        yield connection
        connection.rollback()


@pytest.mark.parametrize(("text", "rule", "trace"), DONE)
def test_what_it_does(session: psycopg.Connection[tuple[object, ...]], text: str, rule: str, trace: str) -> None:
    assert session.execute(trace.encode()).fetchone() == (0,)
    session.execute(text.encode()).fetchall()
    assert session.execute(trace.encode()).fetchone() != (0,)
    for policy in (Policy.reading(), Policy.for_content(["public.courses"])):
        with pytest.raises(Refused) as refused:
            vet(text, policy)
        assert refused.value.rule == rule


@pytest.mark.parametrize(("a", "b", "expression"), ENDLESS, ids=[one[2] for one in ENDLESS])
def test_no_time_out_ends_it(session: psycopg.Connection[tuple[object, ...]], a: str, b: str, expression: str) -> None:
    session.execute(_BUILDING.format(a, b).encode())
    session.execute("SET LOCAL statement_timeout = 10")
    begun = time.monotonic()
    with pytest.raises(psycopg.errors.QueryCanceled):
        session.execute(f"SELECT {expression} FROM pg_temp.large OFFSET 0; SELECT pg_catalog.pg_sleep(1)".encode())
    assert time.monotonic() - begun > 0.1
    with pytest.raises(Refused) as refused:
        vet(f"SELECT {expression} FROM (SELECT {a} AS a, {b} AS b) AS large", Policy.reading())
    assert refused.value.rule == "size-of-argument"


def test_the_lists_are_the_servers(session: psycopg.Connection[tuple[object, ...]]) -> None:
    """Columns that functions are known to have are there; whatever takes a row is harmless or known as a hazard."""
    for function, columns in RESULTS.items():
        found = session.execute(_OUT, [function]).fetchall()
        assert not found or columns <= {str(name) for (name,) in found}, function
    takers = {str(name) for (name,) in session.execute(_TAKES_A_ROW).fetchall()}
    assert {name for name in takers - HARMLESS if not may_be_a_call(name)} == set()


_OUT = """SELECT a.name FROM pg_proc AS p, unnest(p.proargnames, p.proargmodes) AS a (name, mode)
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname = %s AND a.mode IN ('o', 't')"""
_TAKES_A_ROW = """SELECT p.proname FROM pg_proc AS p JOIN pg_type AS t ON t.oid = p.proargtypes[0]
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.pronargs - p.pronargdefaults <= 1
   AND t.typname IN ('record', 'any', 'anyelement', 'anynonarray', 'anycompatible', 'anycompatiblenonarray')"""
