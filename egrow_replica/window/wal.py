"""Beginning to keep and to read production's WAL, where that is possible."""

from __future__ import annotations

from egrow_replica.catalog import Scope
from egrow_replica.errors import StatementFailed
from egrow_replica.evidence import WalReading, WalState, create_slot, drop_slot, mark, settle, slot_state
from egrow_replica.window.run import Run
from egrow_replica.window.servers import Servers

#: How long transactions that were open at the baseline may take; longer ones cost the evidence its strongest tier.
SETTLE_SECONDS = 30.0


def begin_reading(servers: Servers, scope: Scope) -> WalReading:
    """A place in WAL before which nothing is open any more; a snapshot that is taken afterwards joins without a gap.

    It is read from at once, so that what keeps it from being read is known before anything is built on it.
    """
    with servers.wal_prod() as door:
        state = settle(door, mark(door), scope, seconds=SETTLE_SECONDS)
        if not isinstance(state, WalState):
            return WalReading(None, state.reason)
        reading = WalReading(state).further(door, scope)
        return WalReading(None, reading.reason) if reading.reason else reading


def keep_wal(run: Run) -> WalReading:
    """Make the slot that keeps WAL until it was examined, and begin to read; the slot goes again where that fails."""
    name = run.names.wal_slot
    release_wal(run)
    try:
        create_slot(run.writer, name)
    except StatementFailed as error:
        return WalReading(None, f"no slot to keep production's WAL: {error.message}")
    reading = begin_reading(run.servers, run.scope)
    if reading.state is None:
        release_wal(run)
    return reading


def release_wal(run: Run) -> bool:
    """Drop the slot that keeps WAL; whether it was there."""
    there = slot_state(run.writer, run.names.wal_slot) is not None
    if there:
        drop_slot(run.writer, run.names.wal_slot)
    return there
