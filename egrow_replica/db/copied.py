"""Rows as COPY writes them in text format: the words in which pg_dump has them too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

#: A row's values, ``None`` for NULL.
TextValues = tuple[str | None, ...]

#: What a backslash and a letter stand for (postgresql.org/docs/18/sql-copy.html, "Text Format").
_ESCAPES = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)


def copied_row(line: bytes) -> TextValues:
    r"""One row, in UTF-8.

    >>> copied_row(b"1\t\\N\ta\\tb\\\\\n")
    ('1', None, 'a\tb\\')
    """
    return tuple(None if part == b"\\N" else _unescaped(part) for part in line.removesuffix(b"\n").split(b"\t"))


def copied_rows(blocks: Iterable[bytes]) -> Iterator[TextValues]:
    """The rows of a COPY: a newline ends one and is nothing else, because inside a value it is written ``\\n``."""
    rest = b""
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from map(copied_row, lines)


def _unescaped(part: bytes) -> str:
    if b"\\" in part:
        part = _ESCAPE.sub(lambda found: _ESCAPES.get(found[1], found[1]), part)
    return part.decode()
