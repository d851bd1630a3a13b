"""Old and new value, shortened to where they differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

#: Longer values are cut to the parts that differ.
WHOLE_LENGTH = 100
#: Characters that stay around a difference.
CONTEXT = 25


def difference_lines(old: str | None, new: str | None) -> Iterator[tuple[str, str]]:
    """Lines marked ``-`` for what production has and ``+`` for what dev has.

    >>> list(difference_lines("a", None))
    [('-', 'a'), ('+', 'NULL')]
    """
    if old is None or new is None or max(len(old), len(new)) <= WHOLE_LENGTH:
        yield "-", _whole(old)
        yield "+", _whole(new)
        return
    for start, end, other_start, other_end in _places(old, new):
        yield "-", _cut(old, start, end)
        yield "+", _cut(new, other_start, other_end)


def _whole(value: str | None) -> str:
    """NULL is told from the text ``NULL``, which would stand in quotes as every value with odd ends does."""
    if value is None:
        return "NULL"
    return repr(value) if value == "NULL" or value != value.strip() or not value.isprintable() or not value else value


def _places(old: str, new: str) -> Iterator[tuple[int, int, int, int]]:
    """Ranges that differ: word by word, for a comparison letter by letter takes too long in long texts."""
    left, right = old.split(" "), new.split(" ")
    ends_left, ends_right = _offsets(left), _offsets(right)
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield ends_left[a], ends_left[b] - (b > a), ends_right[c], ends_right[d] - (d > c)


def _offsets(words: list[str]) -> list[int]:
    position, offsets = 0, [0]
    for word in words:
        position += len(word) + 1
        offsets.append(position)
    return offsets


def _cut(text: str, start: int, end: int) -> str:
    if end - start > WHOLE_LENGTH:
        end = start + WHOLE_LENGTH
    before, after = max(0, start - CONTEXT), min(len(text), end + CONTEXT)
    shown = text[before:after].replace("\n", "⏎")
    return ("…" if before else "") + shown + ("…" if after < len(text) else "")
