"""Which rows differ between dev and production. Both hash their own rows; hashes travel where buckets differ."""

from __future__ import annotations

from dataclasses import dataclass, field

from egrow_replica.catalog import ContentTable, row_hash
from egrow_replica.db import SQL, Composable, Door, columns, query
from egrow_replica.model import Model

#: Rows that a bucket holds on average; small enough that one differing row makes few others travel.
ROWS_IN_BUCKET = 64
MAX_BUCKETS = 1 << 16
#: Buckets that are listed at once: bounds the memory of a comparison in which everything differs.
BUCKETS_AT_ONCE = 1 << 9


class _Bucket(Model):
    bucket: int
    rows: int
    hash: str


class _RowHash(Model):
    key_hash: int
    row_hash: int


@dataclass
class TableDifference:
    """The key hashes of the rows that differ, by kind.

    :ivar dev_rows: rows of dev, filtered as the publication is.
    :ivar new: dev has the row, production does not.
    :ivar updated: both have it, and a travelling column looks different.
    :ivar production_only: production has it, dev does not: reported, never removed.
    """

    dev_rows: int = 0
    new: set[int] = field(default_factory=set)
    updated: set[int] = field(default_factory=set)
    production_only: set[int] = field(default_factory=set)

    @property
    def from_dev(self) -> list[int]:
        """The rows that the reconcile fetches, in a fixed order."""
        return sorted(self.new | self.updated)


def hash_parts(table: ContentTable, seed: int, *, filtered: bool) -> dict[str, Composable]:
    """What the statements of ``sql/content`` need to hash a table's rows.

    :param filtered: whether the publication's row filter applies: on dev, not on production.
    """
    condition = SQL("({})").format(SQL(table.filter)) if filtered and table.filter else SQL("true")
    return {
        "key_hash": row_hash(table.key_columns, "t", seed),
        "row_hash": row_hash(table.columns, "t", seed),
        "source": table.source,
        "condition": condition,
    }


def compare_table(dev: Door, prod: Door, table: ContentTable, seed: int) -> TableDifference:
    """Compare one table in the snapshots that the two doors hold."""
    dev_parts, prod_parts = hash_parts(table, seed, filtered=True), hash_parts(table, seed, filtered=False)
    mask = _bucket_count(dev, prod, table) - 1
    dev_buckets, prod_buckets = _sums(dev, dev_parts, mask), _sums(prod, prod_parts, mask)
    difference = TableDifference(dev_rows=sum(rows for rows, _ in dev_buckets.values()))
    differing = sorted(
        bucket
        for bucket in dev_buckets.keys() | prod_buckets.keys()
        if dev_buckets.get(bucket) != prod_buckets.get(bucket)
    )
    for start in range(0, len(differing), BUCKETS_AT_ONCE):
        wanted = differing[start : start + BUCKETS_AT_ONCE]
        dev_rows, prod_rows = _rows(dev, dev_parts, mask, wanted), _rows(prod, prod_parts, mask, wanted)
        difference.new |= dev_rows.keys() - prod_rows.keys()
        difference.production_only |= prod_rows.keys() - dev_rows.keys()
        difference.updated |= {key for key in dev_rows.keys() & prod_rows.keys() if dev_rows[key] != prod_rows[key]}
    return difference


def hashes_of(door: Door, table: ContentTable, seed: int, keys: list[int], *, filtered: bool) -> dict[int, int]:
    """The row hash of each of ``keys`` that the table has now."""
    parts = hash_parts(table, seed, filtered=filtered)
    rows = door.rows(_RowHash, query("content/row_hashes", **parts), [keys])
    return {row.key_hash: row.row_hash for row in rows}


def bytes_of(door: Door, table: ContentTable, seed: int, keys: list[int]) -> int:
    """How many bytes the rows of dev with these keys weigh, as far as they travel; values compressed as they are."""
    if not keys:
        return 0
    parts = hash_parts(table, seed, filtered=True)
    del parts["row_hash"]
    statement = query("content/row_bytes", columns=columns(table.column_names, "t"), **parts)
    return int(door.value(statement, [keys]))


def _bucket_count(dev: Door, prod: Door, table: ContentTable) -> int:
    count = query("content/count_rows", source=table.source)
    rows = max(dev.value(count), prod.value(count))
    buckets = 1
    while buckets < MAX_BUCKETS and buckets * ROWS_IN_BUCKET < rows:
        buckets *= 2
    return buckets


def _sums(door: Door, parts: dict[str, Composable], mask: int) -> dict[int, tuple[int, str]]:
    buckets = door.rows(_Bucket, query("content/bucket_sums", **parts), [mask])
    return {bucket.bucket: (bucket.rows, bucket.hash) for bucket in buckets}


def _rows(door: Door, parts: dict[str, Composable], mask: int, buckets: list[int]) -> dict[int, int]:
    rows = door.rows(_RowHash, query("content/bucket_rows", **parts), [mask, buckets])
    return {row.key_hash: row.row_hash for row in rows}
