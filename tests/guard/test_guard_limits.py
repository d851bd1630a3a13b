"""Nothing crashes the guard, nothing makes it slow, and nothing but ``Refused`` leaves it."""

from __future__ import annotations

import threading
import time

import pytest
from guard_world import POLICIES

from egrow_replica.guard import Refused, vet, vet_filter
from egrow_replica.guard.limits import MAX_BYTES, MAX_DEPTH, MAX_TOKENS, _in_ascii, check_tokens
from egrow_replica.guard.tree import scan

MANY = 200_000
#: Names, strings, quotes and tags with signs that are not ASCII, where a word could end at another place.
NOT_ASCII = [
    'SELECT "año", ñ.ñ, a"ñ" FROM ñ',
    "SELECT 'ñ', E'ñ\\'', U&'\\00f1', n'ñ', eñ'x', x\u00a0y",
    "SELECT 1ñ, 1.5ñ, $1ñ, a$ñ, ñ$1",
    "SELECT $ñ$ a $_$ b $ñ$, $$ñ$$, $a$ñ$a$, $\u00a0$ x $_$ y $\u00a0$",
    "SELECT 1 -- ñ\n, 2 /* ñ /* ñ */ */",
    "SELECT 'a'\u2028'b', \u3000, ＝, “quoted”",
]

HUGE = {
    "parentheses": "(" * 1_000_000,
    "parentheses in a select": "SELECT " + "(" * 400_000 + "1" + ")" * 400_000,
    "brackets": "SELECT " + "ARRAY[" * MANY,
    "not": "SELECT " + "NOT " * MANY + "true",
    "plus": "SELECT 1" + "+1" * MANY,
    "casts": "SELECT 1" + "::int" * MANY,
    "unions": "SELECT 1" + " UNION SELECT 1" * 50_000,
    "unions with commas": "SELECT 1, 1" + " UNION SELECT 1, 1" * 2_000,
    "joins": "SELECT * FROM a.b" + " CROSS JOIN a.b" * 50_000,
    "case": "SELECT " + "CASE WHEN 1=1 THEN " * 50_000,
    "sub-selects": "SELECT " + "(SELECT " * 50_000,
    "calls": "SELECT " + "f(" * MANY,
    "is null": "SELECT a" + " IS NULL" * MANY,
    "fields": "SELECT (a)" + ".b" * MANY,
    "nested comments": "/*" * 400_000,
    "closed comments": "SELECT " + "/**/" * 100_000,
    "operators": "SELECT " + "+" * 900_000 + "1",
    "operators apart": "SELECT " + "- " * MANY + "1",
    "commas": "SELECT 1" + ",1" * MANY,
    "list": "SELECT 1 IN (1" + ",1" * MANY + ")",
    "statements": "SELECT 1;" * 100_000,
    "semicolons": ";" * 900_000,
    "one long word": "a" * 900_000,
    "one long string": "SELECT '" + "x" * 2_000_000 + "'",
    "open string": "SELECT '" + "é" * 400_000,
    "dollars": "$" * 900_000,
    "dollar quotes": "$a$" + "$b$" * 200_000,
    "quotes": "'" * 900_001,
    "double quotes": '"' * 900_001,
    "line comments": "--\n" * 300_000,
    "spaces": " " * 900_000,
    "zero width": "\u200b" * 300_000,
    "astral": "😀" * 240_000,
    "left chain of brackets": "SELECT " + "(" * 300 + "1" + ("+1" * 60 + ")") * 300,
}


@pytest.mark.parametrize("name", HUGE)
def test_huge_texts_are_refused_quickly(name: str) -> None:
    began = time.perf_counter()
    with pytest.raises(Refused):
        vet(HUGE[name], POLICIES["window"])
    with pytest.raises(Refused):
        vet_filter(HUGE[name])
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "text", ["", "\0", "SELECT '\0'", "\ud800", "SELECT '\udfff'", "\ufeffSELECT 1; x", "\x1b[2J", "\r\n"]
)
def test_odd_texts_are_refused(text: str) -> None:
    with pytest.raises(Refused):
        vet(text, POLICIES["content"])


@pytest.mark.parametrize("value", [None, 1, b"SELECT 1", ["SELECT 1"], object()])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(Refused):
        vet(value, POLICIES["content"])  # type: ignore[arg-type]


def test_what_a_controller_sends_fits_the_limits() -> None:
    values = ", ".join(f"('{number}', {number})" for number in range(2_000))
    assert vet(f"INSERT INTO public.courses VALUES {values}", POLICIES["content"]).writes
    columns = ", ".join(f'c."column{number}" AS "alias{number}"' for number in range(1_000))
    assert vet(f"SELECT {columns} FROM public.courses c", POLICIES["content"])
    tables = " UNION ALL ".join(f"SELECT '{number}', count(*) FROM public.t{number}" for number in range(200))
    assert vet(tables, POLICIES["content"])
    assert vet("SELECT '" + "x" * (MAX_BYTES - 20) + "'", POLICIES["content"])
    assert MAX_TOKENS >= 10_000


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1" + "+1" * (MAX_DEPTH // 2 - 2),
        "SELECT 1" + "::int" * (MAX_DEPTH // 2 - 2),
        "SELECT 1" + " UNION SELECT 1" * 250,
        "SELECT " + "(" * (MAX_DEPTH // 2 - 2) + "1" + ")" * (MAX_DEPTH // 2 - 2),
        "SELECT " + "abs(" * (MAX_DEPTH // 3 - 2) + "1" + ")" * (MAX_DEPTH // 3 - 2),
        "SELECT " + "NOT " * (MAX_DEPTH - 4) + "true",
        "SELECT " + "(SELECT " * (MAX_DEPTH // 3 - 2) + "1" + ")" * (MAX_DEPTH // 3 - 2),
    ],
    ids=["plus", "cast", "union", "parentheses", "calls", "not", "sub-selects"],
)
def test_the_deepest_allowed_text_fits_a_small_stack(text: str) -> None:
    answers: list[object] = []

    def ask() -> None:
        try:
            answers.append(vet(text, POLICIES["content"]))
        except Refused as refused:
            answers.append(refused)

    old = threading.stack_size(1024 * 1024)
    try:
        thread = threading.Thread(target=ask)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(old)
    assert len(answers) == 1


def places(text: str) -> list[tuple[int, int]] | None:
    try:
        return [(token.start, token.end) for token in scan(text)]
    except Refused:
        return None


@pytest.mark.parametrize("text", NOT_ASCII)
def test_other_letters_split_into_the_same_words(text: str) -> None:
    assert places(_in_ascii(text)) == places(text)


def test_many_names_in_other_letters() -> None:
    """The scanner's own way to count them takes quadratic time: a minute for this."""
    names = ", ".join(f'"{"ñ" * 25}{number:06d}"' for number in range(3_000))
    begun = time.monotonic()
    check_tokens(f"SELECT {names} FROM t")
    assert time.monotonic() - begun < 3
