"""What a transaction that is still open has written, read from its own WAL by another session."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress

from egrow_replica.db import SQL, Door, query
from egrow_replica.errors import EgrowError, StatementFailed
from egrow_replica.evidence.wal_read import NOT_ALLOWED, PIECE_BYTES, flushed_lsn, why_unreadable
from egrow_replica.evidence.wal_state import lsn_number, lsn_text
from egrow_replica.model import Model

#: How long WAL may take to be flushed where no commit of ours does it.
FLUSH_SECONDS = 5.0
_POLL_SECONDS = 0.01
#: How often is looked whether there is more to read along, and how much is worth a statement.
_ALONG_SECONDS = 0.05
_ALONG_BYTES = 2 << 20


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


def position(door: Door, *, taking_id: bool = False) -> WalPosition:
    """Where the transaction of this door stands now; with an id in any case, where it is to be followed."""
    id = SQL("pg_catalog.pg_current_xact_id()" if taking_id else "pg_catalog.pg_current_xact_id_if_assigned()")
    return door.one(WalPosition, query("evidence/own_position", id=id))


class _Reading:
    """What one transaction has written, as far as its WAL was read.

    :ivar at: up to where; ``found``: rows by kind of record and storage.
    """

    def __init__(self, begun: WalPosition) -> None:
        self._transaction = begun.transaction
        self.at = lsn_number(begun.lsn)
        self.found: Counter[tuple[str, str]] = Counter()

    def go_on(self, door: Door, end: int) -> None:
        """Read every whole record up to a position, piece by piece; a piece that holds none is doubled."""
        statement = query("evidence/own_wal", records=query("evidence/wal_records", kinds=query("evidence/wal_kinds")))
        size = PIECE_BYTES
        while self.at < end:
            to = min(self.at + size, end)
            parts = door.rows(_Part, statement, [lsn_text(self.at), lsn_text(to), self._transaction])
            for part in parts:
                if part.kind is not None and part.storage is not None:
                    self.found[part.kind, part.storage] += part.rows
            reached = max((lsn_number(part.until) for part in parts), default=self.at)
            size = PIECE_BYTES if reached > self.at else size * 2
            self.at = reached
            if to == end:
                return


class WalWitness:
    """A second session on the same server, which reads along what the first writes and has not committed.

    :ivar reason: why it can read no WAL here at all; ``""`` as long as that is not known.
    """

    def __init__(self, connect: Callable[[], Door]) -> None:
        self._connect = connect
        self._door: Door | None = None
        self._reading: _Reading | None = None
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self.reason = ""

    def close(self) -> None:
        """End the session."""
        self.leave()
        if self._door is not None:
            self._door.close()
            self._door = None

    def follow(self, begun: WalPosition) -> None:
        """Read along from here on, so that little is left to read when the transaction wants to commit."""
        self.leave()
        self._reading = _Reading(begun)
        self._ended.clear()
        self._thread = threading.Thread(target=self._read_along, args=(self._reading,), daemon=True)
        self._thread.start()

    def leave(self) -> None:
        """Read along no more."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def written(self, end: str) -> Counter[tuple[str, str]]:
        """Rows by kind of record and storage that the transaction has written up to a position.

        :raises WalUnreadError: they cannot be read.
        """
        assert self._reading is not None
        self.leave()
        if self.reason:
            raise WalUnreadError(self.reason)
        try:
            door = self._open()
            self._flush(door, end)
            self._reading.go_on(door, lsn_number(end))
        except StatementFailed as error:
            self.reason = why_unreadable(error)
            raise WalUnreadError(self.reason or error.message) from None
        except EgrowError as error:
            raise WalUnreadError(error.message) from None
        return self._reading.found

    def _read_along(self, reading: _Reading) -> None:
        """Read what is flushed, a piece at a time. What fails here is met again when the rest is read."""
        if self.reason:
            return
        with suppress(EgrowError):
            door = self._open()
            while not self._ended.wait(_ALONG_SECONDS):
                while lsn_number(flushed_lsn(door)) - reading.at > _ALONG_BYTES and not self._ended.is_set():
                    reading.go_on(door, reading.at + _ALONG_BYTES)

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
