"""Block ranges: runs of a table's pages, with a fingerprint each, so that only what WAL wrote is read again.

The word is that of BRIN indexes. A row is in the range of the page that it is on. Whatever makes a row appear in a
range, change there or vanish from it leaves a WAL record that names the page (heapam_xlog.h), so the sum of a range
without one is what it was.
"""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.model import Model
from egrow_replica.results import BlockRange

#: Pages of the smallest range; what WAL wrote is remembered by ranges of this size. 2 MB: a few rows that people
#: change cost little to read again, and a table of 100 GB has 4,000 of the larger ones.
PAGES = 256
#: How many ranges of one table are kept, so that the baseline of a terabyte stays small: larger tables, larger ranges.
MOST = 4096
#: No page has this number: InvalidBlockNumber (storage/block.h).
NO_PAGE = 4_294_967_295


class RangeSum(Model):
    """Rows of a range, and the sum of their hashes in decimal digits."""

    rows: int
    hash: str


def pages_per_range(pages: int) -> int:
    """How large the ranges of a table should be: :data:`PAGES` times a power of two.

    >>> pages_per_range(0), pages_per_range(PAGES * MOST), pages_per_range(PAGES * MOST + 1)
    (256, 256, 512)
    """
    size = PAGES
    while size * MOST < pages:
        size *= 2
    return size


def stale(written: Iterable[int], size: int) -> frozenset[int]:
    """Which ranges of ``size`` pages hold those of :data:`PAGES` that were written, by number.

    >>> sorted(stale({0, 1, 5}, 2 * PAGES))
    [0, 2]
    """
    return frozenset(number * PAGES // size for number in written)


def different(before: tuple[RangeSum, ...], after: tuple[RangeSum, ...], size: int) -> tuple[BlockRange, ...]:
    """Where two measurements of the same storage differ."""
    nothing = RangeSum(rows=0, hash="0")
    count = max(len(before), len(after))
    pairs = zip(_filled(before, count, nothing), _filled(after, count, nothing), strict=True)
    return tuple(
        BlockRange(first=number * size, last=(number + 1) * size - 1, rows_before=was.rows, rows_after=now.rows)
        for number, (was, now) in enumerate(pairs)
        if was != now
    )


def _filled(ranges: tuple[RangeSum, ...], count: int, filler: RangeSum) -> tuple[RangeSum, ...]:
    return ranges + (filler,) * (count - len(ranges))
