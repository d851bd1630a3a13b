"""Every node of the tree must be one that the guard understands, at a place where it may stand."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.nodes import EXPRESSION, OF_STATEMENT
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import class_of

RULE = "node"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Refuse what the walk met and no list names: a nested utility statement, a construct of a newer grammar.

    :raises Refused: rule ``node``.
    """
    top = class_of(facts.statement)
    unknown = facts.classes - EXPRESSION - OF_STATEMENT.get(top, frozenset()) - {top}
    if unknown:
        raise Refused(RULE, f"the statement holds {min(unknown)}, which is not understood here")
    return ()
