"""Only listed kinds of statement, and of those only the policy's."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import class_of

RULE = "kind"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Refuse by the kind of the statement alone.

    :raises Refused: rule ``kind``.
    """
    if facts.kind is None:
        raise Refused(RULE, f"{class_of(facts.statement).removesuffix('Stmt')} is not a statement that may be sent")
    if facts.kind not in policy.kinds:
        raise Refused(RULE, f"{facts.kind.value} is not allowed on a connection for {policy.purpose}")
    if facts.into:
        raise Refused(RULE, "SELECT INTO makes a table; it is not allowed")
    return ()
