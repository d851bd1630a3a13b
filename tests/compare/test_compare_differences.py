"""Long values, shortened to what a person wants to see."""

from __future__ import annotations

import random

import pytest

from egrow_replica.cli.differences import CONTEXT, MOST_PAIRS, WHOLE_LENGTH, _places, difference_lines


def test_short_values_are_shown_whole() -> None:
    assert list(difference_lines("NULL", None)) == [("-", "'NULL'"), ("+", "NULL")]
    assert list(difference_lines("x ", "")) == [("-", "'x '"), ("+", "''")]


def test_one_word_of_a_long_text() -> None:
    text = " ".join(f"word{number}" for number in range(200))
    lines = list(difference_lines(text, text.replace("word100 ", "other ")))
    assert [mark for mark, _ in lines] == ["-", "+"]
    assert "word100" in lines[0][1]
    assert "other" in lines[1][1]
    assert all(line.startswith("…") and line.endswith("…") and len(line) < 4 * CONTEXT for _, line in lines)


@pytest.mark.parametrize("words", [1_000, 300_000])
def test_texts_that_have_nothing_in_common(words: int) -> None:
    lines = list(difference_lines("old " * words, "new " * words))
    assert all(len(line) <= WHOLE_LENGTH + 2 * CONTEXT + 2 for _, line in lines)
    assert len(lines) <= 4


def test_places_are_all_that_differs() -> None:
    """What is outside the places is the same in both, whatever the texts."""
    rng = random.Random(5)
    for _ in range(2_000):
        old, new = ("".join(rng.choices("ab ", k=rng.randrange(14))) for _ in range(2))
        kept_old, kept_new, at, other = "", "", 0, 0
        for start, end, other_start, other_end in _places(old, new):
            assert 0 <= at <= start <= end + 1 <= len(old) + 2
            kept_old, kept_new = kept_old + old[at:start], kept_new + new[other:other_start]
            at, other = max(start, end), max(other_start, other_end)
        assert (kept_old + old[at:]).split() == (kept_new + new[other:]).split(), (old, new)


def test_a_difference_in_the_middle_of_a_very_long_text() -> None:
    text = "word " * MOST_PAIRS
    lines = list(difference_lines(text, text[:2_000_000] + "X" + text[2_000_001:]))
    assert any("X" in line for _, line in lines)
