"""Replication origins: what marks every write of ours in commit timestamps and in WAL."""

from __future__ import annotations

from collections.abc import Callable

from egrow_replica.db import Composed, Door, Literal, query
from egrow_replica.errors import StatementFailed
from egrow_replica.model import Model
from egrow_replica.replication.waiting import wait_until

OBJECT_IN_USE = "55006"
FREE_SECONDS = 60.0


class Origin(Model):
    """An origin's number and name. Numbers are reused after a drop."""

    id: int
    name: str


def origin_id(prod: Door, name: str) -> int | None:
    """The number of an origin, ``None`` where there is none of that name."""
    value = prod.value(query("replication/origin"), [name])
    return None if value is None else int(value)


def all_origins(prod: Door) -> dict[int, str]:
    """Every origin of the cluster, ours and others', by number."""
    return {origin.id: origin.name for origin in prod.rows(Origin, query("replication/origins"))}


def progress(prod: Door, name: str) -> str | None:
    """Up to which position of dev's production has what came through an origin; ``None``: nothing yet."""
    value = prod.value(query("replication/origin_progress"), [name])
    return None if value is None else str(value)


def worker_origin(subscription_oid: int) -> str:
    """The name of the origin of a subscription's worker (ReplicationOriginNameForLogicalRep in origin.c)."""
    return f"pg_{subscription_oid}"


def create_statement(name: str) -> Composed:
    """What makes an origin."""
    return query("replication/create_origin", origin=Literal(name))


def use_statement(name: str) -> Composed:
    """What marks the rest of a session with an origin."""
    return query("replication/use_origin", origin=Literal(name))


def create(prod: Door, name: str) -> int:
    """Make the origin; its number.

    :raises StatementFailed: there is one of that name, of another window in this cluster.
    """
    return int(prod.value(create_statement(name)))


def use(prod: Door, name: str) -> None:
    """Mark everything that this connection commits from now on."""
    prod.execute(use_statement(name))


def drop(prod: Door, name: str) -> bool:
    """Remove it; whether it was there. No connection may use it any more."""
    there = origin_id(prod, name) is not None
    if there:
        prod.execute(query("replication/drop_origin", origin=Literal(name)))
    return there


def when_free(name: str, act: Callable[[], None]) -> None:
    """Do what needs an origin that no session uses: one that was closed or killed holds it until the server notices.

    :raises NotCaughtUp: it stays in use.
    """

    def free() -> bool:
        try:
            act()
        except StatementFailed as error:
            if error.sqlstate != OBJECT_IN_USE:
                raise
            return False
        return True

    wait_until(free, FREE_SECONDS, f"origin {name} is still in use by another session")
