"""The logical slot on dev."""

from __future__ import annotations

from datetime import datetime

from egrow_replica.db import Composed, Door, Literal, query
from egrow_replica.model import Model


class Slot(Model):
    """A slot's state.

    :ivar invalidated: why the server has given it up, where it says so (17 and later).
    :ivar retained_bytes: WAL that dev keeps because of it.
    :ivar lag_bytes: dev's current position minus what production has confirmed.
    :ivar clock: dev's clock at the moment of asking.
    """

    name: str
    active: bool
    wal_status: str | None
    invalidated: str | None
    confirmed_lsn: str | None
    retained_bytes: int | None
    lag_bytes: int | None
    clock: datetime

    @property
    def is_lost(self) -> bool:
        """Whether nothing can be streamed from it any more."""
        return self.wal_status == "lost" or self.invalidated is not None


def get(dev: Door, name: str) -> Slot | None:
    """The slot, ``None`` where dev has none of that name in this database."""
    return next(iter(dev.rows(Slot, query("replication/slot"), [name])), None)


def current_lsn(dev: Door) -> str:
    """Dev's current write position."""
    return str(dev.value(query("replication/current_lsn")))


def has_confirmed(dev: Door, name: str, lsn: str) -> bool:
    """Whether production has confirmed dev's position ``lsn`` through the slot."""
    return bool(dev.value(query("replication/slot_confirmed"), [name, lsn]))


def may_mark(dev: Door) -> bool:
    """Whether our role may mark a slot; ``setup`` of an earlier version did not grant it."""
    return bool(dev.value(query("replication/may_mark_slot")))


def mark_statement(name: str) -> Composed:
    """What marks a slot."""
    return query("replication/mark_slot", slot=Literal(name))


def mark(dev: Door, name: str) -> None:
    """Mark the slot, where our role may: the mark is gone with the slot, and with the statistics in a crash."""
    if may_mark(dev):
        dev.execute(mark_statement(name))


def drop(dev: Door, name: str) -> bool:
    """Remove it; whether it was there. An active one cannot be dropped: its worker has to end first."""
    there = get(dev, name) is not None
    if there:
        dev.execute(query("replication/drop_slot", slot=Literal(name)))
    return there
