"""Sentences of ``init``'s proposal: written here in English, shown by the command line in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.results import Reason, tr

__all__ = ["joined", "listed", "plain", "tr"]

#: Names that are listed before the rest is only counted.
_SHOWN = 5


def listed(names: Iterable[object]) -> Reason:
    """The first five, and how many more.

    >>> listed("abcdefg").text()
    'a, b, c, d, e and 2 more'
    """
    shown = [str(name) for name in names]
    first = ", ".join(shown[:_SHOWN])
    return tr("{names} and {count} more", names=first, count=len(shown) - _SHOWN) if shown[_SHOWN:] else plain(first)


def joined(parts: Iterable[Reason]) -> Reason:
    """Parts in a row, with commas."""
    values = {f"part{at}": part for at, part in enumerate(parts)}
    return Reason(message=", ".join(f"{{{name}}}" for name in values), values=values)


def plain(text: str) -> Reason:
    """What is the same in every language."""
    return Reason(message="{text}", values={"text": text})
