"""Old and new value, shortened to where they differ."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

#: Longer values are cut to the parts that differ.
WHOLE_LENGTH = 100
#: Characters that stay around a difference.
CONTEXT = 25
#: Words of one value times words of the other: what is compared word by word within a moment.
MOST_PAIRS = 1_000_000


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
    """Ranges that differ: word by word, for a comparison letter by letter takes too long in long texts.

    Only between the first and the last difference, and not at all where even that is too long: then it is one range.
    """
    start, end = _same_ends(old, new)
    left, right = old[start : len(old) - end].split(" "), new[start : len(new) - end].split(" ")
    if len(left) * len(right) > MOST_PAIRS:
        yield start, len(old) - end, start, len(new) - end
        return
    ends_left, ends_right = _offsets(left, start), _offsets(right, start)
    matcher = difflib.SequenceMatcher(None, left, right, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind != "equal":
            yield ends_left[a], ends_left[b] - (b > a), ends_right[c], ends_right[d] - (d > c)


def _same_ends(old: str, new: str) -> tuple[int, int]:
    """How many letters are the same in the beginning and at the end, whole words only, and never a letter twice."""
    most = min(len(old), len(new))
    start = next((at for at in range(most) if old[at] != new[at]), most)
    start = old.rfind(" ", 0, start) + 1
    rest = most - start
    end = next((at for at in range(rest) if old[-1 - at] != new[-1 - at]), rest)
    blank = old.find(" ", len(old) - end)
    return start, len(old) - blank if blank >= 0 and end else 0


def _offsets(words: list[str], start: int) -> list[int]:
    position, offsets = start, [start]
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
