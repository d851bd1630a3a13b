"""An empty message into WAL: it changes nothing, and its commit flushes what other sessions have written."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import check_fixed, text_argument
from egrow_replica.guard.policy import Policy, Purpose
from egrow_replica.guard.tree import Node

RULE = "message"

#: Under which prefix readers of WAL see it.
PREFIX = "egrow-replica"
_CONTENT = 2


def check(call: Node, policy: Policy) -> tuple[()]:
    """Allow it to the connections that read WAL, without a content.

    :raises Refused: rule ``message``.
    """
    if policy.purpose is not Purpose.EVIDENCE:
        raise Refused(RULE, f"nothing is written into WAL on a connection for {policy.purpose}")
    check_fixed(RULE, call)
    if len(call.args) != _CONTENT + 1 or text_argument(RULE, call, 1) != PREFIX or text_argument(RULE, call, _CONTENT):
        raise Refused(RULE, f"only an empty message of {PREFIX} is allowed")
    return ()
