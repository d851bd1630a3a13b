"""What a transaction that is still open has written, read from its own WAL by another session."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator

from egrow_replica.db import Door, query
from egrow_replica.errors import EgrowError, StatementFailed
from egrow_replica.evidence.wal_read import NOT_ALLOWED, PIECE_BYTES, flushed_lsn, why_unreadable
from egrow_replica.evidence.wal_state import lsn_number, lsn_text
from egrow_replica.model import Model

#: How long WAL may take to be flushed where no commit of ours does it.
FLUSH_SECONDS = 5.0
_POLL_SECONDS = 0.01


class WalPosition(Model):
    """Where a transaction stands.

    :ivar transaction: its id, ``None`` where it has none yet.
    """

    transaction: str | None
    lsn: str


class _Part(Model):
    kind: str | None
    storage: str | None
    rows: int
    until: str


class WalUnreadError(Exception):
    """Why a transaction's WAL was not read."""


def position(door: Door) -> WalPosition:
    """Where the transaction of this door stands now."""
    return door.one(WalPosition, query("evidence/own_position"))


class WalWitness:
    """A second session on the same server, which reads what the first has written and not committed.

    :ivar reason: why it can read no WAL here at all; ``""`` as long as that is not known.
    """

    def __init__(self, connect: Callable[[], Door]) -> None:
        self._connect = connect
        self._door: Door | None = None
        self.reason = ""

    def close(self) -> None:
        """End the session."""
        if self._door is not None:
            self._door.close()
            self._door = None

    def written(self, transaction: str, begin: str, end: str) -> Counter[tuple[str, str]]:
        """Rows by kind of record and storage that a transaction has written between two positions.

        :raises WalUnreadError: they cannot be read.
        """
        if self.reason:
            raise WalUnreadError(self.reason)
        try:
            door = self._open()
            self._flush(door, end)
            found: Counter[tuple[str, str]] = Counter()
            for part in self._parts(door, transaction, lsn_number(begin), lsn_number(end)):
                if part.kind is not None and part.storage is not None:
                    found[part.kind, part.storage] += part.rows
        except StatementFailed as error:
            self.reason = why_unreadable(error)
            raise WalUnreadError(self.reason or error.message) from None
        except EgrowError as error:
            raise WalUnreadError(error.message) from None
        return found

    def _open(self) -> Door:
        if self._door is None:
            self._door = self._connect()
            self._door.execute(query("evidence/wal_work_mem"))
        return self._door

    def _flush(self, door: Door, end: str) -> None:
        """See that WAL is flushed up to a position: by a commit of ours, else by whoever does."""
        try:
            door.execute(query("evidence/flush_wal"))
        except StatementFailed as error:
            if error.sqlstate != NOT_ALLOWED:
                raise
        deadline = time.monotonic() + FLUSH_SECONDS
        while lsn_number(flushed_lsn(door)) < lsn_number(end):
            if time.monotonic() >= deadline:
                raise WalUnreadError(f"WAL was not flushed up to {end} within {FLUSH_SECONDS:g} s")
            time.sleep(_POLL_SECONDS)

    def _parts(self, door: Door, transaction: str, begin: int, end: int) -> Iterator[_Part]:
        """Piece by piece; each ends with a whole record, and one that holds none is doubled."""
        statement = query("evidence/own_wal", records=query("evidence/wal_records", kinds=query("evidence/wal_kinds")))
        size = PIECE_BYTES
        while begin < end:
            to = min(begin + size, end)
            parts = door.rows(_Part, statement, [lsn_text(begin), lsn_text(to), transaction])
            yield from parts
            if to == end:
                return
            reached = max((lsn_number(part.until) for part in parts), default=begin)
            size = PIECE_BYTES if reached > begin else size * 2
            begin = reached
