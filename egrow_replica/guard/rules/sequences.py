"""``setval`` moves listed sequences only, and only ones that can be told before the statement runs."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import relation_in, text_argument
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node
from egrow_replica.model import QualifiedName

RULE = "sequence"


def check(call: Node, policy: Policy) -> tuple[QualifiedName, ...]:
    """Read the first argument as ``regclass`` would.

    :raises Refused: rule ``sequence``.
    """
    name = relation_in(RULE, text_argument(RULE, call))
    if name not in policy.sequences or not policy.is_window:
        raise Refused(RULE, f"the sequence {name} may not be moved on a connection for {policy.purpose}")
    return (name,)
