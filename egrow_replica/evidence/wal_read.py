"""Reading production's WAL through ``pg_walinspect``, piece by piece, and where a reading begins."""

from __future__ import annotations

import time
from collections.abc import Callable

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
#: After how much WAL a long reading can be kept: some seconds of reading.
LEG_BYTES = 256 << 20
#: Most writes of unfinished transactions that are carried over: about 100 bytes each in the journal.
MAX_OPEN_WRITES = 100_000
_POLL_SECONDS = 0.05
#: SQLSTATEs (errcodes-appendix.html). 58P01 undefined_file: the segment is gone.
_REMOVED = "58P01"
_NO_RECORD = "XX000"
_NOT_THERE = frozenset({"42883", "3F000", "42704"})
NOT_ALLOWED = "42501"
_GRANT = "GRANT EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn)"


def ignore(*_: object) -> None:
    """Hear of a long reading, and do nothing."""


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
    door: Door,
    state: WalState,
    until: Mark,
    scope: Scope,
    *,
    seconds: float = 30,
    piece_bytes: int | None = None,
    leg_bytes: int | None = None,
    progress: Callable[[int, int], None] = ignore,
    keep: Callable[[WalState], None] = ignore,
) -> WalState | WalGone | WalUnavailable:
    """Read on from a state, at least to a mark and else to what is flushed.

    :param door: for reading, outside a transaction: an error may be part of an answer.
    :param seconds: how long to wait for the mark's transaction to be flushed (``synchronous_commit`` may be off).
    :param piece_bytes: :data:`PIECE_BYTES` unless given; ``leg_bytes``: :data:`LEG_BYTES`.
    :param progress: called with the bytes of WAL that are read and those that are there.
    :param keep: called on the way, after every ``leg_bytes``, with a state from which a later reading can go on; what
        lies before its position may be released.
    """
    door.execute(query("evidence/wal_work_mem"))
    deadline = time.monotonic() + seconds
    begin = lsn_number(state.position)
    if lsn_number(flushed_lsn(door)) < begin:
        return WalGone(reason=f"WAL was read up to {state.position}, and production's ends before: it is another's")
    sizes = piece_bytes or PIECE_BYTES, leg_bytes or LEG_BYTES
    while True:
        try:
            leg = _Leg(door, scope, state, end=lsn_number(flushed_lsn(door)))
            failure: WalGone | WalUnavailable | None = leg.read(
                *sizes, lambda at, end: progress(at - begin, end - begin)
            )
        except StatementFailed as error:
            failure = _outcome(error, state)
            if failure is None:
                raise
        if failure is not None:
            return failure
        state = leg.state
        if not leg.at_end:
            keep(state)
            continue
        if lsn_number(state.position) >= lsn_number(until.lsn):
            progress(leg.end - begin, leg.end - begin)
            return state
        if time.monotonic() >= deadline:
            return WalUnavailable(
                reason=f"WAL could be read up to {state.position} only, not up to {until.lsn}, "
                f"which was not flushed within {seconds:g} s"
            )
        time.sleep(_POLL_SECONDS)


class _Leg:
    """A part of a reading, with a state at its end.

    :ivar end: up to where WAL is flushed; ``at_end``: everything that is whole up to there was read.
    """

    def __init__(self, door: Door, scope: Scope, state: WalState, end: int) -> None:
        self._door = door
        self._scope = scope
        self._before = state
        self._followed = read_place(door, scope).followed
        self._pieces = Pieces(state, self._followed)
        self.end = end
        self.at_end = False

    @property
    def state(self) -> WalState:
        """With the relations as they are now."""
        return self._pieces.state(*storages(read_place(self._door, self._scope)))

    def read(self, piece_bytes: int, leg_bytes: int, progress: Callable[[int, int], None]) -> WalUnavailable | None:
        """Read whole records for ``leg_bytes``, or up to the end; the state's position tells how far that was."""
        size, stop = piece_bytes, min(self.end, lsn_number(self._pieces.position) + leg_bytes)
        while (begin := lsn_number(self._pieces.position)) < stop:
            to = min(begin + size, self.end)
            try:
                whole = self._pieces.take(self._piece(begin, to))
            except StatementFailed as error:
                # The last record is not flushed to its end: the reader finds no record at all there.
                if error.sqlstate != _NO_RECORD or to != self.end:
                    raise
                whole = False
            if to == self.end:
                self.at_end = True
                return None
            size = piece_bytes if whole else size * 2  # a record that is longer than a piece, or the rest of a segment
            progress(lsn_number(self._pieces.position), self.end)
            if self._pieces.open_writes > MAX_OPEN_WRITES:
                return WalUnavailable(
                    reason=f"unfinished transactions hold more than {MAX_OPEN_WRITES} different writes"
                    f" at {self._pieces.position}"
                )
        self.at_end = begin >= self.end
        return None

    def _piece(self, begin: int, to: int) -> list[PieceRow]:
        parameters = [
            lsn_text(begin),
            lsn_text(to),
            self._pieces.open_transactions,
            self._followed,
            str(self._before.database),
            self._before.transaction,
            self._before.settled,
            PAGES,
        ]
        return self._door.rows(PieceRow, piece_statement(alike=self._pieces.alike), parameters)


def piece_statement(*, alike: bool) -> Composed:
    """What reads one piece; ``alike``: with many records that differ in nothing but their place."""
    name = "evidence/wal_records_alike" if alike else "evidence/wal_records"
    return query("evidence/wal_chunk", records=query(name, kinds=query("evidence/wal_kinds")))


def _outcome(error: StatementFailed, state: WalState) -> WalGone | WalUnavailable | None:
    if error.sqlstate == _REMOVED:
        return WalGone(reason=f"WAL after {state.position} was removed before it was examined: {error.message}")
    if reason := why_unreadable(error):
        return WalUnavailable(reason=reason)
    if error.sqlstate == _NO_RECORD:
        return WalUnavailable(reason=f"WAL after {state.position} cannot be read: {error.message}")
    return None


def why_unreadable(error: StatementFailed) -> str:
    """Return why no WAL at all can be read here, ``""`` where the error says nothing of the kind."""
    if error.sqlstate in _NOT_THERE:
        return "the extension pg_walinspect is not in the schema egrow_ext of this database"
    if error.sqlstate == NOT_ALLOWED:
        return f"no privilege to read WAL: {_GRANT} is missing"
    return ""
