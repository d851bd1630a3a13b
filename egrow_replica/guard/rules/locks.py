"""LOCK TABLE: content tables and the controller's own, each by itself, never in a mode that stops readers."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.writes import writable
from egrow_replica.guard.tree import Node, only

RULE = "lock"

#: PostgreSQL's number of ACCESS EXCLUSIVE, also the default where no mode is given.
_ACCESS_EXCLUSIVE = 8


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Without ONLY the lock would reach inheritance children.

    :raises Refused: rule ``lock`` or ``write``.
    """
    only(RULE, statement, "relations", "mode", "nowait")
    for relation in statement.relations:
        writable(relation, policy)
        if relation.inh:
            raise Refused(RULE, "LOCK TABLE without ONLY also locks tables that inherit")
    if statement.mode >= _ACCESS_EXCLUSIVE:
        raise Refused(RULE, "ACCESS EXCLUSIVE would stop the readers of the application")
    return ()
