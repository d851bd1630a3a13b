"""Reading production's WAL through ``pg_walinspect``, piece by piece, and where a reading begins."""

from __future__ import annotations

import time

from egrow_replica.catalog import Scope
from egrow_replica.db import Composed, Door, Literal, query
from egrow_replica.errors import StatementFailed
from egrow_replica.evidence.ranges import PAGES
from egrow_replica.evidence.wal_pieces import PieceRow, Pieces
from egrow_replica.evidence.wal_relations import read_place, storages
from egrow_replica.evidence.wal_state import WalGone, WalState, WalUnavailable, lsn_number, lsn_text
from egrow_replica.model import Model

#: WAL in one statement, in bytes: small enough for the answer to stay in memory, below the design's 64 MB.
PIECE_BYTES = 8 << 20
#: Most writes of unfinished transactions that are carried over: about 100 bytes each in the journal.
MAX_OPEN_WRITES = 100_000
_POLL_SECONDS = 0.05
#: SQLSTATEs (errcodes-appendix.html). 58P01 undefined_file: the segment is gone.
_REMOVED = "58P01"
_NO_RECORD = "XX000"
_NOT_THERE = frozenset({"42883", "3F000", "42704"})
_NOT_ALLOWED = "42501"
_GRANT = "GRANT EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn)"


class Mark(Model):
    """A place in WAL; what committed before it stands before it.

    :ivar transaction: one of our own, empty, that began behind the place and is over.
    """

    lsn: str
    transaction: int


class SlotState(Model):
    """The slot that keeps production's WAL; ``keeps_from`` is null where nothing is kept any more."""

    keeps_from: str | None
    wal_status: str | None
    retained_bytes: int | None


def mark(door: Door) -> Mark:
    """Mark the present end of WAL; outside a transaction. Raises as :meth:`Door.execute`."""
    return door.one(Mark, query("evidence/wal_mark"))


def flushed_lsn(door: Door) -> str:
    """Up to where WAL can be read."""
    return str(door.value(query("evidence/wal_flushed")))


def slot_state(door: Door, name: str) -> SlotState | None:
    """The slot that keeps WAL, ``None`` where there is none of that name."""
    found = door.rows(SlotState, query("evidence/wal_slot"), [name])
    return found[0] if found else None


def slot_statement(name: str) -> Composed:
    """What makes the slot that keeps WAL."""
    return query("evidence/wal_create_slot", slot=Literal(name))


def create_slot(prod: Door, name: str) -> str:
    """Make the physical slot that keeps WAL from the last checkpoint on; from where it keeps it."""
    return str(prod.value(slot_statement(name)))


def advance_slot(prod: Door, name: str, state: WalState) -> str:
    """Release what was examined; from where WAL is still kept."""
    return str(prod.value(advance_statement(name, state.position)))


def advance_statement(name: str, lsn: str) -> Composed:
    """What releases WAL up to ``lsn``."""
    return query("evidence/wal_advance_slot", slot=Literal(name), lsn=Literal(lsn))


def drop_slot(prod: Door, name: str) -> None:
    """Let WAL go."""
    prod.execute(drop_statement(name))


def drop_statement(name: str) -> Composed:
    """What lets all of it go."""
    return query("evidence/wal_drop_slot", slot=Literal(name))


def settle(door: Door, begun: Mark, scope: Scope, *, seconds: float) -> WalState | WalUnavailable:
    """Wait until nothing is open that may have written before ``begun``, and begin a state there.

    A snapshot that is taken afterwards holds everything that was written before ``begun.lsn`` and ever commits. The
    door must be outside a transaction.
    """
    if door.value(query("evidence/wal_level")) == "minimal":
        return WalUnavailable(reason="wal_level is minimal: not every write is in WAL")
    deadline = time.monotonic() + seconds
    while not door.value(query("evidence/wal_settled"), [begun.transaction]):
        if time.monotonic() >= deadline:
            who = door.values(query("evidence/wal_oldest"), [begun.transaction])
            return WalUnavailable(
                reason=f"transactions that were open at the baseline did not end within {seconds:g} s: "
                + ("; ".join(who) or "whose, is not known")
            )
        time.sleep(_POLL_SECONDS)
    tables, parts = storages(read_place(door, scope))
    return WalState(
        database=int(door.value(query("evidence/wal_database"))),
        start=begun.lsn,
        position=begun.lsn,
        settled=str(door.value(query("evidence/wal_insert_lsn"))),
        transaction=begun.transaction & 0xFFFFFFFF,
        tables=tables,
        parts=parts,
    )


def read_wal(
    door: Door, state: WalState, until: Mark, scope: Scope, *, seconds: float = 30, piece_bytes: int = PIECE_BYTES
) -> WalState | WalGone | WalUnavailable:
    """Read on from a state, at least to a mark and else to what is flushed.

    :param door: for reading, outside a transaction: an error may be part of an answer.
    :param seconds: how long to wait for the mark's transaction to be flushed (``synchronous_commit`` may be off).
    """
    followed = read_place(door, scope).followed
    pieces = Pieces(state, followed)
    door.execute(query("evidence/wal_work_mem"))
    deadline = time.monotonic() + seconds
    try:
        while True:
            failure = _read_to(door, state, pieces, lsn_number(flushed_lsn(door)), followed, piece_bytes)
            if failure is not None:
                return failure
            if lsn_number(pieces.position) >= lsn_number(until.lsn):
                break
            if time.monotonic() >= deadline:
                return WalUnavailable(
                    reason=f"WAL could be read up to {pieces.position} only, not up to {until.lsn}, "
                    f"which was not flushed within {seconds:g} s"
                )
            time.sleep(_POLL_SECONDS)
    except StatementFailed as error:
        outcome = _outcome(error, state)
        if outcome is None:
            raise
        return outcome
    return pieces.state(*storages(read_place(door, scope)))


def _read_to(
    door: Door, state: WalState, pieces: Pieces, end: int, followed: list[str], piece_bytes: int
) -> WalUnavailable | None:
    """Read whole records up to ``end``, which is flushed; the state's position tells how far that was."""
    size = piece_bytes
    while (begin := lsn_number(pieces.position)) < end:
        to = min(begin + size, end)
        try:
            whole = pieces.take(_piece(door, state, pieces, begin, to, followed))
        except StatementFailed as error:
            # The last record is not flushed to its end: the reader finds no record at all there.
            if error.sqlstate == _NO_RECORD and to == end:
                return None
            raise
        if to == end:
            return None
        size = piece_bytes if whole else size * 2  # a record that is longer than a piece, or the rest of a segment
        if pieces.open_writes > MAX_OPEN_WRITES:
            return WalUnavailable(
                reason=f"unfinished transactions hold more than {MAX_OPEN_WRITES} different writes at {pieces.position}"
            )
    return None


def _piece(door: Door, state: WalState, pieces: Pieces, begin: int, to: int, followed: list[str]) -> list[PieceRow]:
    parameters = [
        lsn_text(begin),
        lsn_text(to),
        pieces.open_transactions,
        followed,
        str(state.database),
        state.transaction,
        state.settled,
        PAGES,
    ]
    return door.rows(PieceRow, piece_statement(alike=pieces.alike), parameters)


def piece_statement(*, alike: bool) -> Composed:
    """What reads one piece; ``alike``: with many records that differ in nothing but their place."""
    name = "evidence/wal_records_alike" if alike else "evidence/wal_records"
    return query("evidence/wal_chunk", records=query(name, kinds=query("evidence/wal_kinds")))


def _outcome(error: StatementFailed, state: WalState) -> WalGone | WalUnavailable | None:
    if error.sqlstate == _REMOVED:
        return WalGone(reason=f"WAL after {state.position} was removed before it was examined: {error.message}")
    if error.sqlstate in _NOT_THERE:
        return WalUnavailable(reason="the extension pg_walinspect is not in the schema egrow_ext of this database")
    if error.sqlstate == _NOT_ALLOWED:
        return WalUnavailable(reason=f"no privilege to read WAL: {_GRANT} is missing")
    if error.sqlstate == _NO_RECORD:
        return WalUnavailable(reason=f"WAL after {state.position} cannot be read: {error.message}")
    return None
