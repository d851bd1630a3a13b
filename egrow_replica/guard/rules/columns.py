"""A column reference must not be a call in disguise (``s.lo_unlink``, ``(5).pg_sleep``)."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.hazards import may_be_a_call
from egrow_replica.guard.policy import Policy

RULE = "column"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Refuse qualified columns that carry the name of a function that may not be called.

    :raises Refused: rule ``column``.
    """
    for column in facts.columns:
        if may_be_a_call(column):
            raise Refused(RULE, f"where there is no column {column!r}, this calls the function of that name")
    return ()
