"""Many whole numbers at once: as one text on their way to a server, packed into bytes on their way from there."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Iterable


def int8_array(values: Iterable[int]) -> str:
    """The text of an ``int8[]`` parameter; a fifth of the time and memory that a list of numbers takes.

    >>> int8_array([1, -2])
    '{1,-2}'
    """
    return "{" + ",".join(map(str, values)) + "}"


def unpacked(parts: Iterable[bytes | None]) -> array[int]:
    """The numbers in the values of ``string_agg(int8send(…), '')``: eight bytes each, as they are kept here.

    >>> unpacked([b"\\0\\0\\0\\0\\0\\0\\0\\1", None]).tolist()
    [1]
    """
    numbers = array("q", b"".join(part for part in parts if part))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


def in_order(values: Collection[int]) -> array[int]:
    """The same numbers, sorted, eight bytes each."""
    return array("q", sorted(values))
