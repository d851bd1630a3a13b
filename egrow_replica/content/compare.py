"""Which rows differ between dev and production. Both hash their own rows; hashes travel where buckets differ.

Both servers are asked at once, and neither table is ever held in memory: the hashes of the buckets that differ are read
bucket by bucket, and only the keys of rows that differ are kept, eight bytes each.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from struct import Struct
from typing import NamedTuple, TypeVar

from egrow_replica.catalog import ContentTable, bucket_hash, can_be_respelled, key_hash, row_hash
from egrow_replica.db import SQL, Door, Literal, columns, in_order, int8_array, query, relation
from egrow_replica.db.queries import Part
from egrow_replica.errors import PreflightFailed
from egrow_replica.model import QualifiedName

#: Rows that a bucket holds on average; small enough that one differing row makes few others travel.
ROWS_IN_BUCKET = 64
#: More would not fit into the memory that a server gives one statement by default, and spill.
MAX_BUCKETS = 1 << 16

#: What begins COPY's binary format: its signature, flags and the length of an extension
#: (postgresql.org/docs/18/sql-copy.html, "Binary Format").
COPY_HEADER_BYTES = 19
#: Number of fields; length and value of the bucket's number; length of the packed rows that follow.
_LINE = Struct(">hiii")
#: A packed row, hash of the key and hash of the row; and how it begins.
_ROW_BYTES = 16
_KEY = Struct(">q")

T = TypeVar("T")


@dataclass(frozen=True)
class TableDifference:
    """The key hashes of the rows that differ, by kind, each once.

    :ivar dev_rows: rows of dev, filtered as the publication is.
    :ivar new: dev has the row, production does not.
    :ivar updated: both have it, and a travelling column looks different.
    :ivar production_only: production has it, dev does not: reported, never removed.
    """

    dev_rows: int = 0
    new: Collection[int] = ()
    updated: Collection[int] = ()
    production_only: Collection[int] = ()

    @property
    def wanted(self) -> int:
        """How many rows the reconcile fetches."""
        return len(self.new) + len(self.updated)

    @cached_property
    def from_dev(self) -> array[int]:
        """Those rows, in order."""
        return in_order(self.new if not self.updated else [*self.new, *self.updated])


def hash_parts(table: ContentTable, seed: int, *, filtered: bool) -> dict[str, Part]:
    """What the statements of ``sql/content`` need to hash a table's rows.

    :param filtered: on dev, where the publication's row filter applies; not on production.
    """
    return {
        "key_hash": key_hash(table.key_columns, "t", seed),
        "row_hash": row_hash(table.columns, "t", seed, keys=table.key),
        "source": table.dev_source if filtered else table.source,
        "condition": table.arriving if filtered else SQL("true"),
    }


def compare_table(dev: Door, prod: Door, table: ContentTable, seed: int) -> TableDifference:
    """Compare one table in the snapshots that the two doors hold, both at once.

    :raises PreflightFailed: two rows of a server have keys that hash alike.
    """
    return _compare(dev, prod, table, seed, {"bucket": bucket_hash(table.key_columns, "t", seed)})


def respelled(dev: Door, prod: Door, table: ContentTable, seed: int) -> Collection[int]:
    """Key hashes of the rows whose key is equal on both servers and looks different: ``1.0`` and ``1.00``.

    Nothing is asked where no such key can be.
    """
    if not can_be_respelled(table.key_columns):
        return ()
    key_columns = row_hash(table.key_columns, "t", seed)
    bucket = bucket_hash(table.key_columns, "t", seed)
    return _compare(dev, prod, table, seed, {"bucket": bucket, "row_hash": key_columns}).updated


def _compare(dev: Door, prod: Door, table: ContentTable, seed: int, parts: dict[str, Part]) -> TableDifference:
    dev_parts = {**hash_parts(table, seed, filtered=True), **parts}
    prod_parts = {**hash_parts(table, seed, filtered=False), **parts}
    mask = bucket_count(max(estimated_rows(door, table.name) for door in (dev, prod))) - 1
    dev_sums, prod_sums = _at_once(
        dev, lambda: _sums(dev, dev_parts, mask), prod, lambda: _sums(prod, prod_parts, mask)
    )
    rows = sum(sums[0] for sums in dev_sums.values())
    differing = [one for one in dev_sums.keys() | prod_sums.keys() if dev_sums.get(one) != prod_sums.get(one)]
    if not differing:
        return TableDifference(dev_rows=rows)
    del dev_sums, prod_sums
    wanted = bits(differing, mask)
    dev_lines = _lines_of(dev, dev_parts, mask, wanted, table.name)
    prod_lines = _lines_of(prod, prod_parts, mask, wanted, table.name)
    _at_once(dev, dev_lines.advance, prod, prod_lines.advance)
    new, updated, production_only = array("q"), array("q"), array("q")
    for on_dev, on_prod in side_by_side(dev_lines, prod_lines):
        same = on_dev & on_prod
        theirs, ours = dev_lines.keys(on_dev - same, same), prod_lines.keys(on_prod - same, same)
        new.extend(sorted(theirs - ours))
        production_only.extend(sorted(ours - theirs))
        updated.extend(sorted(theirs & ours))
    return TableDifference(dev_rows=rows, new=new, updated=updated, production_only=production_only)


def estimated_rows(door: Door, name: QualifiedName) -> int:
    """About how many rows a table of the server has, partitions included, without counting."""
    return int(door.value(query("content/estimate_rows"), [relation(name).as_string()]))


class RowHash(NamedTuple):
    """The hashes of a row's key and of all of it."""

    key_hash: int
    row_hash: int


def row_hashes(
    door: Door, table: ContentTable, seed: int, keys: Collection[int], *, filtered: bool
) -> Iterator[RowHash]:
    """The rows with these keys that the table has now, in the order of ``key_hash``, one at a time.

    No other statement may be sent through the door meanwhile.
    """
    parts = hash_parts(table, seed, filtered=filtered)
    return door.stream(RowHash, query("content/row_hashes", **parts), [int8_array(keys)])


def hashes_of(door: Door, table: ContentTable, seed: int, keys: Collection[int], *, filtered: bool) -> dict[int, int]:
    """The row hash of each of ``keys`` that the table has now."""
    return {one.key_hash: one.row_hash for one in row_hashes(door, table, seed, keys, filtered=filtered)}


def keys_there(dev: Door, table: ContentTable, seed: int, keys: Collection[int]) -> set[int]:
    """Which of these hashes of keys dev's table has now."""
    parts = hash_parts(table, seed, filtered=True)
    del parts["row_hash"]
    return set(dev.numbers(query("content/keys_there", **parts), [int8_array(keys)]))


def bytes_of(door: Door, table: ContentTable, seed: int, keys: Collection[int]) -> int:
    """How many bytes the rows of dev with these keys weigh, as far as they travel; values compressed as they are."""
    if not keys:
        return 0
    parts = hash_parts(table, seed, filtered=True)
    del parts["row_hash"]
    statement = query("content/row_bytes", columns=columns(table.column_names, "t"), **parts)
    return int(door.value(statement, [int8_array(keys)]))


def _at_once(dev: Door, of_dev: Callable[[], T], prod: Door, of_prod: Callable[[], T]) -> tuple[T, T]:
    """Ask both servers at the same time. Where one fails, or we are interrupted, the other's statement is cancelled."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        asked = {pool.submit(of_dev): dev, pool.submit(of_prod): prod}
        try:
            done, _ = wait(asked, return_when=FIRST_EXCEPTION)
        finally:
            for future, door in asked.items():
                if not future.done():
                    door.cancel()
    for future in done:
        future.result()  # what failed first, not what was cancelled after it
    first, second = (future.result() for future in asked)
    return first, second


def bucket_count(rows: int) -> int:
    """How many buckets so many rows should be spread over: a power of two.

    >>> bucket_count(0), bucket_count(1000)
    (8, 16)
    """
    buckets = 8
    while buckets < MAX_BUCKETS and buckets * ROWS_IN_BUCKET < rows:
        buckets *= 2
    return buckets


def _sums(door: Door, parts: dict[str, Part], mask: int) -> dict[int, tuple[int, str]]:
    """By bucket: the number of rows, and the sum of their hashes, which only has to be equal."""
    statement = query("content/bucket_sums", **{name: part for name, part in parts.items() if name != "key_hash"})
    return {line[0]: line[1:] for line in door.tuples(statement, [mask])}


def bits(buckets: Collection[int], mask: int) -> str:
    """A set of buckets, or of other small numbers, as ``get_bit`` reads it, in hexadecimal digits."""
    bits = bytearray((mask + 8) // 8)
    for bucket in buckets:
        bits[bucket >> 3] |= 1 << (bucket & 7)
    return bits.hex()


class BucketLines:
    """Packed rows, one bucket after the other: of a server's table, or of a file that holds what a server once had.

    :ivar bucket: where it stands; ``None`` behind the last one.
    """

    def __init__(self, blocks: Iterator[bytes], where: str, row_bytes: int = _ROW_BYTES) -> None:
        """Begin before the first bucket.

        :param blocks: as a binary COPY of ``sql/content/bucket_rows.sql`` has them.
        :param where: what the rows are of, for a person.
        :param row_bytes: of one packed row, of which the first eight are the hash of its key.
        """
        self._lines = _read_lines(blocks)
        self._where = where
        self._row_bytes = row_bytes
        self.bucket: int | None = None
        self._packed = b""

    def advance(self) -> None:
        """Go to the next bucket; the first time, send the statement and wait until the server has sorted."""
        self.bucket, self._packed = next(self._lines, (None, b""))

    def take(self) -> set[bytes]:
        """The packed rows of this bucket; then advance."""
        size = self._row_bytes
        rows = {self._packed[at : at + size] for at in range(0, len(self._packed), size)}
        if len(rows) * size != len(self._packed):
            raise self._alike()
        self.advance()
        return rows

    def keys(self, rows: set[bytes], others: set[bytes]) -> set[int]:
        """The key hashes of packed rows, which none of the server's ``others`` in this bucket has."""
        keys = {row[: _KEY.size] for row in rows}
        if len(keys) != len(rows) or not keys.isdisjoint({row[: _KEY.size] for row in others}):
            raise self._alike()
        return {_KEY.unpack(key)[0] for key in keys}

    def _alike(self) -> PreflightFailed:
        return PreflightFailed(
            f"two rows of {self._where} have keys that hash alike",
            hint="Run the command again. If it says so again, the keys are equal for one server and not the other.",
            code="keys-alike",
        )


def _lines_of(door: Door, parts: dict[str, Part], mask: int, wanted: str, name: QualifiedName) -> BucketLines:
    """The rows of a server's differing buckets."""
    statement = query("content/bucket_rows", mask=Literal(str(mask)), buckets=Literal(wanted), **parts)
    return BucketLines(door.copy_out(statement), f"{door.server} in {name}")


def side_by_side(dev: BucketLines, prod: BucketLines) -> Iterator[tuple[set[bytes], set[bytes]]]:
    """Both servers' rows of each bucket; a bucket that one of them does not have is empty there."""
    while (bucket := min((one.bucket for one in (dev, prod) if one.bucket is not None), default=None)) is not None:
        theirs = dev.take() if dev.bucket == bucket else set()
        ours = prod.take() if prod.bucket == bucket else set()
        yield theirs, ours


def _read_lines(blocks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """Bucket and packed rows of each line of a binary COPY, which may be cut into blocks anywhere."""
    held, at = b"", COPY_HEADER_BYTES
    for block in blocks:
        held += block
        while len(held) >= at + _LINE.size:
            _, _, bucket, length = _LINE.unpack_from(held, at)
            end = at + _LINE.size + length
            if end > len(held):
                break
            yield bucket, held[at + _LINE.size : end]
            at = end
        done = min(at, len(held))
        held, at = held[done:], at - done
