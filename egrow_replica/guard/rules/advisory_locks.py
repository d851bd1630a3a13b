"""The controller's own lock: tried, never waited for, on production's writing connection."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import check_fixed
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node

RULE = "advisory-lock"


def check(call: Node, policy: Policy) -> tuple[()]:
    """Allow it to the connection that keeps the journal; one lock, not one for each row of a table.

    :raises Refused: rule ``advisory-lock``.
    """
    if not policy.is_window:
        raise Refused(RULE, f"advisory locks are not taken on a connection for {policy.purpose}")
    check_fixed(RULE, call)
    return ()
