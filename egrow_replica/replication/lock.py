"""The advisory lock that keeps a second controller out."""

from __future__ import annotations

from egrow_replica.db import Door, query
from egrow_replica.errors import WrongState

#: Two int4 keys, so that the lock is ours alone: "egrw" as ASCII, and the lock's version.
_KEYS = (0x65677277, 1)


def take(prod: Door) -> None:
    """Take it for the life of this connection.

    :raises WrongState: another controller has it.
    """
    if not prod.value(query("replication/lock"), list(_KEYS)):
        raise WrongState(
            "another egrow-replica is at work on this production",
            hint="Wait until it has ended; `status` shows the window.",
            code="locked",
        )


def check(prod: Door) -> None:
    """See whether the lock is still ours.

    :raises WrongState: it is not; whoever has it now must not be disturbed.
    """
    if not prod.value(query("replication/lock_holder"), list(_KEYS)):
        raise WrongState("this controller lost its lock on production", code="lock-lost")
