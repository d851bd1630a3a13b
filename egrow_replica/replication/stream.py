"""The parts of a window's stream: subscription, publication and slot, and whether they are still there and its own."""

from __future__ import annotations

from egrow_replica.catalog.roles import APPLY_ROLE
from egrow_replica.db import Capability, Door
from egrow_replica.replication import history, publication, slot, subscription
from egrow_replica.replication.names import ObjectNames


def broken_parts(dev: Door, prod: Door, names: ObjectNames) -> list[str]:
    """What of the stream is gone, lost, or another's, a sentence each; none where all of it is this window's."""
    if history.is_standby(dev):
        return ["dev is a standby now: nothing can be streamed from it"]
    return [*_of_subscription(prod, names), *_of_publication(dev, names), *_of_slot(dev, names)]


def _of_subscription(prod: Door, names: ObjectNames) -> list[str]:
    found = subscription.get(prod, names.common)
    if found is None:
        return [f"subscription {names.common} is gone on production"]
    wrong = []
    if found.slot not in (None, names.common):
        wrong.append(f"subscription {names.common} on production uses the slot {found.slot}, which is not the window's")
    if prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER) and found.owner != APPLY_ROLE:
        wrong.append(
            f"subscription {names.common} on production belongs to {found.owner}, not to {APPLY_ROLE}: it writes with "
            "that role's rights"
        )
    if found.publications != (names.common,):
        others = ", ".join(found.publications)
        wrong.append(f"subscription {names.common} on production subscribes to {others}, not to the window's own")
    return wrong


def _of_publication(dev: Door, names: ObjectNames) -> list[str]:
    whose = publication.ownership(dev, names)
    if whose is None:
        return [f"publication {names.common} is gone on dev"]
    if whose is publication.Ownership.ANOTHERS:
        return [f"publication {names.common} on dev says that it is another window's"]
    return []


def _of_slot(dev: Door, names: ObjectNames) -> list[str]:
    found = slot.get(dev, names.common)
    if found is None:
        return [f"slot {names.common} is gone on dev"]
    if found.is_lost:
        why = f" ({found.invalidated})" if found.invalidated else ""
        return [f"slot {names.common} on dev is lost{why}: dev has given up what it kept for production"]
    return []
