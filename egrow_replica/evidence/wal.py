"""Evidence from production's WAL: which relations were written, by which origin, since the baseline.

The way to use it, each on a door for reading that is outside a transaction:

1. A slot that keeps WAL is made (``create_slot``), then ``begun = mark(door)``, then
   ``state = settle(door, begun, scope, seconds=…)``, and only then the baseline's snapshot is exported.
2. ``state = read_wal(door, state, mark(door), scope)``, as often as wanted; what was examined may be released
   (``advance_slot``) once the state is stored.
3. ``examine(door, state, scope, ours)`` says what all of it means.
"""

from __future__ import annotations

from collections.abc import Mapping

from egrow_replica.catalog import Scope
from egrow_replica.db import Door
from egrow_replica.evidence.wal_findings import (
    ContentWrites,
    OriginWrites,
    OurOrigin,
    OurWrite,
    Streamed,
    TableWrites,
    WalFindings,
    find,
)
from egrow_replica.evidence.wal_read import (
    Mark,
    SlotState,
    advance_slot,
    create_slot,
    drop_slot,
    flushed_lsn,
    ignore,
    mark,
    read_wal,
    settle,
    slot_state,
    slot_statement,
)
from egrow_replica.evidence.wal_relations import read_place
from egrow_replica.evidence.wal_state import WalGone, WalState, WalUnavailable

__all__ = [
    "ContentWrites",
    "Mark",
    "OriginWrites",
    "OurOrigin",
    "OurWrite",
    "SlotState",
    "Streamed",
    "TableWrites",
    "WalFindings",
    "WalGone",
    "WalState",
    "WalUnavailable",
    "advance_slot",
    "create_slot",
    "drop_slot",
    "examine",
    "flushed_lsn",
    "ignore",
    "mark",
    "read_wal",
    "settle",
    "slot_state",
    "slot_statement",
]


def examine(door: Door, state: WalState, scope: Scope, ours: Mapping[int, OurOrigin]) -> WalFindings:
    """What a state means, with the relations as they are now; to be asked after the reading it stems from."""
    return find(state, read_place(door, scope), ours)
