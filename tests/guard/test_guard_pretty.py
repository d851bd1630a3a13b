"""What a plan shows of a statement is laid out, and is still that statement."""

from __future__ import annotations

import pytest

from egrow_replica.guard.pretty import WIDTH, pretty
from egrow_replica.guard.tree import parse

LONG = ", ".join(f'"column {number}"' for number in range(40))


@pytest.mark.parametrize(
    "text",
    [
        f'CREATE PUBLICATION "p" FOR TABLE ONLY "public"."courses" ({LONG}) WITH (publish = \'insert, update\')',
        f'INSERT INTO "public"."c" ({LONG}) SELECT {LONG} FROM pg_temp."s" AS s WHERE NOT EXISTS (SELECT FROM a.b)',
        f'UPDATE ONLY "public"."c" AS t SET "a b" = 1, "c" = \'x  y\' WHERE ROW({LONG}) = ROW({LONG}) AND a OR b AND c',
        f"COPY (SELECT {LONG} FROM public.c AS t WHERE a = 'b'';') TO STDOUT (FORMAT binary)",
        f'GRANT INSERT ({LONG}), UPDATE ({LONG}) ON TABLE "public"."courses" TO "egrow_reconcile"',
    ],
)
def test_a_long_statement_is_laid_out_and_means_the_same(text: str) -> None:
    shown = pretty(text)
    assert parse(shown) == parse(text)
    assert max(map(len, shown.splitlines())) <= WIDTH + 20


def test_no_word_is_broken() -> None:
    literal = "'" + "two  blanks and more words " * 8 + "'"
    assert pretty(f'COMMENT ON PUBLICATION "p" IS {literal}').splitlines()[-1].strip() == literal


def test_the_layout_of_a_file_is_kept() -> None:
    shown = pretty(f"SELECT {LONG}\n  FROM a.b AS t\n WHERE c = 'd'")
    assert shown.endswith("\n  FROM a.b AS t\n WHERE c = 'd'")
    assert all(line.startswith("    ") for line in shown.splitlines()[1:-2])


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1",
        "CREATE_REPLICATION_SLOT egrow_2026 LOGICAL pgoutput (SNAPSHOT 'export')" + " " * WIDTH + "x",
    ],
)
def test_what_cannot_be_laid_out_surely_is_left(text: str) -> None:
    assert pretty(text) == text
