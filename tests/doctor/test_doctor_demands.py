"""Rows that meet in indexes over expressions, of some rows, with equal NULLs, and in exclusion constraints."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from doctor_world import examine
from support.pair import Pair

from egrow_replica.model import Severity

TABLES = """
SET ROLE academy_owner;
CREATE TYPE public."Stage" AS ENUM ('draft', 'live');
CREATE TABLE public.names (id int PRIMARY KEY, title text, stage public."Stage" NOT NULL DEFAULT 'live', number int);
CREATE UNIQUE INDEX "title whatever its case" ON public.names (lower(title));
CREATE UNIQUE INDEX "one live number" ON public.names (number) WHERE stage = 'live';
CREATE TABLE public.slots (id int PRIMARY KEY, place text, part int, UNIQUE NULLS NOT DISTINCT (place, part));
CREATE TABLE public.stays (id int PRIMARY KEY, during int4range, EXCLUDE USING gist (during WITH &&) WHERE (id > 0));
CREATE TABLE public.odd (id int PRIMARY KEY, body text, hits int NOT NULL DEFAULT 0);
CREATE FUNCTION public.rough(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.left($1, 1)';
CREATE UNIQUE INDEX "roughly one" ON public.odd (public.rough(body));
CREATE UNIQUE INDEX "by hits" ON public.odd (hits) WHERE hits > 0;
INSERT INTO public.names (id, title, number) SELECT n, 'Title ' || n, n FROM generate_series(1, 9) AS n;
INSERT INTO public.slots VALUES (1, 'a', 1), (2, 'a', NULL), (3, NULL, NULL);
INSERT INTO public.stays SELECT n, int4range(n * 10, n * 10 + 5) FROM generate_series(1, 5) AS n;
INSERT INTO public.odd VALUES (1, 'body');
"""
#: Nothing of this meets anything: it frees what it takes, is held by no index, or is equal to nothing.
HARMLESS = """
UPDATE public.names SET title = 'Other' WHERE id = 1;
UPDATE public.names SET title = 'TITLE 1' WHERE id = 2;
UPDATE public.names SET title = 'title 3' WHERE id = 3;
INSERT INTO public.names VALUES (20, NULL, 'live', NULL), (21, NULL, 'live', NULL), (22, 'new', 'draft', 5);
UPDATE public.names SET stage = 'draft' WHERE id = 6;
INSERT INTO public.names VALUES (23, 'newer', 'live', 6);
INSERT INTO public.slots VALUES (20, 'b', NULL), (21, NULL, 1);
DELETE FROM public.slots WHERE id = 1;
INSERT INTO public.stays VALUES (20, int4range(15, 20)), (21, 'empty'), (22, NULL), (-1, int4range(10, 15));
UPDATE public.odd SET hits = 3;
"""
ON_PROD = """
INSERT INTO public.names VALUES (100, 'Taken', 'live', 100), (101, 'Loose', 'draft', 101), (102, 'e', 'live', 102);
ALTER TABLE public.odd ADD CONSTRAINT rough CHECK (public.rough(body) <> 'z');
INSERT INTO public.slots VALUES (100, 'c', NULL);
INSERT INTO public.stays VALUES (100, int4range(1000, 1005));
"""
HARMFUL = """
INSERT INTO public.names VALUES (200, 'TAKEN', 'live', 200), (201, 'x', 'live', 100), (202, 'y', 'draft', 102);
UPDATE public.names SET title = 'between' WHERE id = 7;
UPDATE public.names SET title = 'TITLE 7' WHERE id = 8;
UPDATE public.names SET title = 'Title 8' WHERE id = 7;
INSERT INTO public.slots VALUES (200, 'c', NULL);
INSERT INTO public.stays VALUES (200, int4range(1004, 1008));
"""


@pytest.fixture(scope="module")
def demanding(new_pair: Callable[..., Pair]) -> Pair:
    pair = new_pair()
    pair.both_sql(TABLES)
    pair.configure(
        tables={
            "preset": "egrow-academy",
            "content": ["names", "slots", "stays", "odd"],
            "production_columns": {"odd": ["hits"]},
        }
    )
    pair.set_up()
    pair.dev_sql(HARMLESS)
    pair.prod_sql(ON_PROD)
    return pair


def test_harmless_then_harmful(demanding: Pair) -> None:
    about = ("public.names", "public.slots", "public.stays", "public.odd")
    found = examine(demanding)
    lines = {line for line in found.lines() if line.endswith(about) and "unique-differs" not in line}
    assert lines == {
        "warning prod unique-unasked public.odd",
        "warning prod unique-order public.names",
        "warning prod drift-check public.odd",
        "warning prod check-unasked public.odd",
    }
    assert found.one("unique-order").rows == ("2",)
    assert {one.message.partition(" in ")[2].split(" USING")[0] for one in found.of("unique-unasked")} == {
        "roughly one",
        "by hits",
    }
    demanding.ok("sync", "--no-backup")  # the servers think so too
    demanding.dev_sql(HARMFUL)
    errors = [one for one in examine(demanding).checks if one.severity is Severity.ERROR]
    assert {(one.subject, one.id, *sorted(one.rows)) for one in errors} == {
        ("public.names", "unique-collision", "200 → 100"),
        ("public.names", "unique-collision", "201 → 100"),
        ("public.names", "unique-exchange", "7", "8"),
        ("public.slots", "unique-collision", "200 → 100"),
        ("public.stays", "exclusion-collision", "200 → 100"),
    }
