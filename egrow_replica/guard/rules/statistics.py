"""A session may hand in its own counts early where it is the one that writes: what it wrote is then counted at once."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, only

RULE = "statistics"


def check(call: Node, policy: Policy) -> tuple[()]:
    """Allow it on a window's writing connection, which has an origin.

    :raises Refused: rule ``statistics``.
    """
    only(RULE, call, "funcname", "funcformat")
    if policy.origin is None:
        raise Refused(RULE, f"counts may not be handed in on a connection for {policy.purpose}")
    return ()
