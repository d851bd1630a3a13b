"""Only built-in collations and sampling methods."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.names import COLLATIONS, SAMPLING
from egrow_replica.guard.policy import Policy

RULE = "collation"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at COLLATE clauses and at TABLESAMPLE methods, which are functions.

    :raises Refused: rule ``collation`` or ``sampling``.
    """
    for names in facts.collations:
        if not (names[:-1] == ("pg_catalog",) or (len(names) == 1 and names[0] in COLLATIONS)):
            raise Refused(RULE, f"the collation {'.'.join(names)} is not built in")
    for names in facts.sampling:
        if names[-1] not in SAMPLING or names[:-1] not in ((), ("pg_catalog",)):
            raise Refused("sampling", f"the sampling method {'.'.join(names)} is not built in")
    return ()
