"""Every relation is written ``schema.name``, so that no search path can turn it into another one."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts, name_of
from egrow_replica.guard.policy import Policy

RULE = "relation"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Refuse bare names (other than of a CTE in scope) and names with a database in front.

    :raises Refused: rule ``relation``.
    """
    for relation in facts.relations:
        if name_of(relation) is None:
            raise Refused(RULE, f"the relation {relation.relname!r} is not written as schema.name")
    return ()
