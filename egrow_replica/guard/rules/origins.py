"""A replication origin is made, taken and dropped only under the window's own name."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import text_argument
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node

RULE = "origin"


def check(call: Node, policy: Policy) -> tuple[()]:
    """``session_reset`` is not here: a connection that could leave its origin could write unseen.

    :raises Refused: rule ``origin``.
    """
    if policy.origin is None or text_argument(RULE, call) != policy.origin or len(call.args) != 1:
        raise Refused(RULE, f"only the window's own origin may be used on a connection for {policy.purpose}")
    return ()
