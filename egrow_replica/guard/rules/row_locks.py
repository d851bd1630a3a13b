"""Row locks hold up the application, and count as writes: content and the controller's own tables only."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts, name_of
from egrow_replica.guard.policy import Policy

RULE = "row-lock"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at what each FOR UPDATE / SHARE reaches, through joins and sub-selects.

    :raises Refused: rule ``row-lock``.
    """
    for relation in facts.locks:
        name = None if relation is None else name_of(relation)
        if name is None:
            raise Refused(RULE, "it cannot be told which table's rows would be locked")
        if not policy.may_write(name):
            raise Refused(RULE, f"rows of {name} may not be locked on a connection for {policy.purpose}")
    return ()
