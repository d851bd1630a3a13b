"""What shows that edits of dev were lost: columns that do not travel, a slot that moved, a dev of another past."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from egrow_replica.catalog import Scope
from egrow_replica.catalog.conditions import read_identity
from egrow_replica.catalog.scope import lost_on_dev, new_on_dev
from egrow_replica.db import Door
from egrow_replica.errors import StatementFailed, StreamFailed
from egrow_replica.evidence.wal_state import lsn_number
from egrow_replica.replication import history, origins, subscription
from egrow_replica.replication.history import Moment, SlotUser
from egrow_replica.replication.names import ObjectNames
from egrow_replica.window.journal import Progress

INSUFFICIENT_PRIVILEGE = "42501"
#: How far apart two looks are at who uses the slot; and what asking both servers may take.
SECOND_LOOK_SECONDS, CONNECT_SECONDS = 1.0, 2.0
_CLOSE = "Close the window, and open another: `egrow-replica disable`."


@dataclass(frozen=True)
class Sign:
    """Something that was seen.

    :ivar loses: edits of dev were lost, or are being lost; else they may have been.
    """

    message: str
    loses: bool = True


@dataclass(frozen=True)
class Stream:
    """The window's stream, as far as it has to be known to judge it.

    :ivar login: with which production's worker comes to dev.
    :ivar paused: nobody should use the slot.
    """

    scope: Scope
    progress: Progress
    names: ObjectNames
    login: str | None
    paused: bool

    @property
    def common(self) -> str:
        """Name of slot and subscription."""
        return self.names.common


def refuse_losses(dev: Door, prod: Door, stream: Stream) -> None:
    """See, before a stream goes on, that nothing was lost meanwhile; :raises StreamFailed: something was."""
    losses = [sign.message for sign in signs(dev, prod, stream) if sign.loses]
    if losses:
        raise StreamFailed("; ".join(losses), hint=_CLOSE, code="dev-changed")


def causes(dev: Door, prod: Door, stream: Stream) -> list[Sign]:
    """What explains that parts of the stream are missing: dev is another database, or is not what it was."""
    if other := _elsewhere(dev, stream):
        return other
    return [] if history.is_standby(dev) else list(_history(dev, prod, stream))


def _elsewhere(dev: Door, stream: Stream) -> list[Sign]:
    noted, now = stream.progress.dev, read_identity(dev)
    if noted is None or noted.identity == now:
        return []
    return [Sign(f"dev is another database ({now}) than it was ({noted.identity})")]


def signs(dev: Door, prod: Door, stream: Stream) -> list[Sign]:
    """What shows that edits were lost, or may have been, although no part of the stream is missing."""
    if other := _elsewhere(dev, stream):
        return other
    return [*_columns(dev, stream.scope), *_user(dev, prod, stream), *_history(dev, prod, stream)]


def _columns(dev: Door, scope: Scope) -> Iterator[Sign]:
    for name in lost_on_dev(dev, scope):
        yield Sign(f"{name} on dev is gone, or lost a column that the window streams")
    for name, columns in new_on_dev(dev, scope).items():
        yield Sign(
            f"{name} on dev has columns that the window does not stream, because they came after it: "
            + ", ".join(columns)
        )


def _user(dev: Door, prod: Door, stream: Stream) -> Iterator[Sign]:
    """Whoever reads the slot takes what production does not get."""
    user = history.slot_user(dev, stream.common)
    if user is None:
        return
    who = f"process {user.pid} of dev"
    who += f", {user.role} as {user.application!r}" if user.role is not None else ""
    if stream.paused:
        if stream.progress.paused_at is None:  # it may be our own worker's connection, which dev has not given up yet
            return
        yield Sign(f"slot {stream.common} is in use while the window is paused, by {who}")
    elif _is_not_ours(user, stream) or _stays_older(dev, prod, stream):
        yield Sign(f"slot {stream.common} is not used by production's worker, but by {who}")


def _is_not_ours(user: SlotUser, stream: Stream) -> bool:
    return user.kind is not None and (user.kind != "walsender" or bool(stream.login and user.role != stream.login))


def _stays_older(dev: Door, prod: Door, stream: Stream) -> bool:
    """Whether the connection to the slot was there before production's worker, as a copy of this production's would be.

    A worker connects after it has started. For a moment there may be none, and its connection still be there.
    """
    if not _is_older(dev, prod, stream):
        return False
    time.sleep(SECOND_LOOK_SECONDS)
    return _is_older(dev, prod, stream)


def _is_older(dev: Door, prod: Door, stream: Stream) -> bool:
    found = subscription.get(prod, stream.common)
    if found is None or not found.enabled:
        return False
    main = [one for one in subscription.workers(prod, stream.common) if one.is_main]
    ours = main[0].seconds if main else 0.0
    user = history.slot_user(dev, stream.common)
    if user is None or user.seconds is None or ours is None:
        return False
    return user.seconds > ours + CONNECT_SECONDS


def _history(dev: Door, prod: Door, stream: Stream) -> Iterator[Sign]:
    """Whether dev is the server that it was, and the slot the one that it was.

    What production has is read first: dev can only be further by then.
    """
    reached = _progress(prod, stream.progress)
    now = history.moment(dev, stream.common)
    noted = stream.progress.dev
    if noted is not None and noted.timeline != now.timeline:
        yield Sign(
            f"dev is on timeline {_timeline(now)}, it was on {_timeline(noted)}: it was promoted, or restored to an "
            "earlier state; what it had committed since is gone, and what was edited afterwards may be missing here"
        )
    if noted is not None and now.started_at < noted.started_at:
        yield Sign(
            f"dev was put back to an earlier state: it runs since {now.started_at:%Y-%m-%d %H:%M:%S%z}, and had "
            f"been started again at {noted.started_at:%Y-%m-%d %H:%M:%S%z}"
        )
    behind = _behind(now, {"production has what it wrote": reached, "it was seen": noted.lsn if noted else None})
    if behind:
        yield Sign(f"dev was put back to an earlier state: it stands at {now.lsn}, and {behind}")
    yield from _slot(noted, now, stream)
    if noted is not None and not behind and now.started_at > noted.started_at:
        yield Sign(
            f"dev was started again at {now.started_at:%Y-%m-%d %H:%M:%S%z}: if it was put back to an earlier state "
            "and has passed the old position since, nothing here shows it; `validate` compares every row",
            loses=False,
        )


def _progress(prod: Door, progress: Progress) -> str | None:
    if progress.subscription_oid is None:
        return None
    try:
        return origins.progress(prod, origins.worker_origin(progress.subscription_oid))
    except StatementFailed as error:
        if error.sqlstate != INSUFFICIENT_PRIVILEGE:  # roles that an earlier version's setup made
            raise
        return None


def _behind(now: Moment, known: dict[str, str | None]) -> str:
    """Which known positions of dev are ahead of where it stands; a slot cannot have confirmed what is not there."""
    known = {**known, "its slot has confirmed": now.confirmed_lsn}
    ahead = {what: lsn for what, lsn in known.items() if lsn and lsn_number(lsn) > lsn_number(now.lsn)}
    return ", ".join(f"{what} up to {lsn}" for what, lsn in ahead.items())


def _slot(noted: Moment | None, now: Moment, stream: Stream) -> Iterator[Sign]:
    """Whether the slot is the same, and nobody else has used it."""
    if noted is None or now.confirmed_lsn is None or noted.confirmed_lsn is None:
        return
    restarted = now.started_at > noted.started_at
    rest = stream.progress.paused_at
    least = rest or noted.confirmed_lsn
    # A slot's position is on disk only as of some checkpoint, so that a restart may take it back; the worker knows.
    if lsn_number(now.confirmed_lsn) < lsn_number(least) and not restarted:
        yield Sign(f"slot {stream.common} went back from {least} to {now.confirmed_lsn}")
    if stream.paused and rest is not None and lsn_number(now.confirmed_lsn) > lsn_number(rest):
        yield Sign(
            f"slot {stream.common} moved on from {rest} to {now.confirmed_lsn} while the window was paused: somebody "
            "used it, or made it anew, and what came in between is lost"
        )
    yield from _mark(noted, now, stream, restarted=restarted)


def _mark(noted: Moment, now: Moment, stream: Stream, *, restarted: bool) -> Iterator[Sign]:
    """By when the slot's count began, which a new slot does not have, else by the count; a crash takes away both."""
    if noted.counted_since is not None and noted.counted_since != now.counted_since:
        if now.counted_since is not None and now.counted_since < noted.counted_since:
            yield Sign(
                f"dev was put back to an earlier state: slot {stream.common} has the mark that it had before "
                f"{noted.counted_since:%Y-%m-%d %H:%M:%S%z}"
            )
        elif now.counted_since is not None:
            yield Sign(
                f"the statistics of slot {stream.common} were reset at {now.counted_since:%Y-%m-%d %H:%M:%S%z}: "
                "whether it was made anew before that, nothing here shows; `validate` compares every row",
                loses=False,
            )
        elif not restarted:
            yield Sign(f"slot {stream.common} was made anew: what was edited before that, and had not arrived, is lost")
    elif not restarted and now.counted_since == noted.counted_since and (now.decoded or 0) < (noted.decoded or 0):
        yield Sign(
            f"slot {stream.common} was made anew: it has decoded {now.decoded} transactions, once it had "
            f"{noted.decoded}; what came in between is lost"
        )


def _timeline(moment: Moment) -> int:
    return int(moment.timeline, 16)
