"""SHOW reads a setting; there is nothing to refuse in it."""

from __future__ import annotations

from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, only

RULE = "show"


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Allow the one clause that SHOW has.

    :raises Refused: rule ``show``.
    """
    only(RULE, statement, "name")
    return ()
