"""Statements laid out for a person, and certain to be the same statements."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.errors import Refused
from egrow_replica.guard.tree import parse, scan

WIDTH = 100
#: How much deeper the rest of a line stands that was too long.
_INDENT = "    "


def pretty(text: str) -> str:
    """Break the lines of a statement that are too long, between words; return it as it is where that could change it.

    The statements have the layout of their files under ``sql/``; what is too long is what was put in: names, hashes.
    """
    if all(len(line) <= WIDTH for line in text.splitlines()):
        return text
    try:
        laid_out = "".join(_broken(text))
        same = parse(laid_out) == parse(text)
    except Refused:
        return text  # a command of the replication protocol
    return laid_out if same else text


def _broken(text: str) -> Iterator[str]:
    """The text, piece by piece: words, and what stands between them; a line break where the next word has no room."""
    end = column = 0
    indent = ""
    for token in scan(text):
        between, word = text[end : token.start], text[token.start : token.end + 1]
        if "\n" in between:
            indent = between.rpartition("\n")[2] + _INDENT
            column = len(indent) - len(_INDENT)
        elif between and column + len(between) + len(word) > WIDTH:
            between = f"\n{indent or _INDENT}"
            column = len(between) - 1
        else:
            column += len(between)
        column += len(word)
        end = token.end + 1
        yield between + word
    yield text[end:]
