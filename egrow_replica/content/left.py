"""What a window left in a content table, and how the table has changed since.

Each row's hash is kept behind that of its key, 16 bytes a row. Later the server hashes its rows again, and both are
read side by side, bucket by bucket: neither is ever held whole.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from egrow_replica.catalog import ContentTable, bucket_hash, key_hash, row_hash
from egrow_replica.content.compare import MAX_BUCKETS, BucketLines, side_by_side
from egrow_replica.db import Composed, Door, Literal, query
from egrow_replica.db.expressions import builtin


@dataclass(frozen=True)
class ChangedSince:
    """The rows that are not as they were left, by the hash of their key."""

    came: Collection[int]
    changed: Collection[int]
    gone: Collection[int]

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.came) + len(self.changed) + len(self.gone)


def left_rows_statement(table: ContentTable, seed: int) -> Composed:
    """``COPY … TO STDOUT`` of every row's hashes, over the columns that travel."""
    return query(
        "content/own_values",
        bucket=bucket_hash(table.key_columns, "t", seed),
        # The same whenever it is read, however many rows there are by then.
        mask=Literal(str(MAX_BUCKETS - 1)),
        key_hash=key_hash(table.key_columns, "t", seed),
        values=builtin("int8send", row_hash(table.columns, "t", seed, keys=table.key)),
        source=table.source,
    )


def changed_since(door: Door, table: ContentTable, seed: int, kept: Iterator[bytes]) -> ChangedSince:
    """Hold a table against what was kept of it.

    :param kept: what :func:`left_rows_statement` sent then, in blocks; not read through ``door``.
    """
    before = BucketLines(kept, f"what was left in {table.name}")
    now = BucketLines(door.copy_out(left_rows_statement(table, seed)), f"{door.server} in {table.name}")
    before.advance()
    now.advance()
    came, changed, gone = array("q"), array("q"), array("q")
    for was, has in side_by_side(before, now):
        same = was & has
        old, new = before.keys(was - same, same), now.keys(has - same, same)
        came.extend(sorted(new - old))
        changed.extend(sorted(new & old))
        gone.extend(sorted(old - new))
    return ChangedSince(came, changed, gone)
