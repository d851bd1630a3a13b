"""A replication slot is dropped only if it is this window's, and only from development's connection."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import text_argument
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import StatementKind
from egrow_replica.guard.tree import Node

RULE = "slot"


def check(call: Node, policy: Policy) -> tuple[()]:
    """Compare the constant argument with the policy's slot.

    :raises Refused: rule ``slot``.
    """
    publisher = StatementKind.CREATE_PUBLICATION in policy.kinds
    if not publisher or not policy.is_slot(text_argument(RULE, call)) or len(call.args) != 1:
        raise Refused(RULE, f"this replication slot may not be dropped on a connection for {policy.name}")
    return ()
