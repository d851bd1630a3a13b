"""Exporting a snapshot changes nothing, but belongs to a transaction that the controller runs itself."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import StatementKind
from egrow_replica.guard.tree import Node, only

RULE = "snapshot"


def check(call: Node, policy: Policy) -> tuple[()]:
    """Allow it where transaction control is allowed.

    :raises Refused: rule ``snapshot``.
    """
    only(RULE, call, "funcname", "funcformat")
    if StatementKind.TRANSACTION not in policy.kinds:
        raise Refused(RULE, f"a snapshot may not be exported on a connection for {policy.purpose}")
    return ()
