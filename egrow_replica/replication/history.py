"""Where dev stands in its own history: what tells later that it is still the server that it was."""

from __future__ import annotations

from datetime import datetime

from egrow_replica.db import Door, query
from egrow_replica.model import Model


class Moment(Model):
    """A server at one moment, and the window's slot on it.

    :ivar identity: of the cluster and the database.
    :ivar timeline: as names of WAL files begin.
    :ivar lsn: what was flushed then, so that a crash cannot take it back.
    :ivar started_at: when its postmaster was started: whoever puts a server back has to start it again.
    :ivar confirmed_lsn: what the slot had confirmed; ``None`` without a slot.
    :ivar decoded: transactions that were decoded for the slot, counted since it was made or since ``counted_since``.
    """

    identity: str
    timeline: str
    lsn: str
    started_at: datetime
    confirmed_lsn: str | None
    decoded: int | None
    counted_since: datetime | None


class SlotUser(Model):
    """A process of dev that uses a slot; ``seconds``: since it was started."""

    pid: int
    role: str | None
    kind: str | None
    application: str | None
    seconds: float | None


def moment(dev: Door, slot: str) -> Moment:
    """Now; not of a standby."""
    return dev.one(Moment, query("replication/moment"), [slot])


def is_standby(dev: Door) -> bool:
    """Whether it replays another server's WAL: then it has no position of its own, and nothing is published."""
    return bool(dev.value("SELECT pg_catalog.pg_is_in_recovery()"))


def slot_user(dev: Door, slot: str) -> SlotUser | None:
    """Who uses a slot, ``None``: nobody."""
    return next(iter(dev.rows(SlotUser, query("replication/slot_users"), [slot])), None)
