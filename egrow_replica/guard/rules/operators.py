"""Only built-in operators: one in a user's schema is a function call with another face."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.names import OPERATORS
from egrow_replica.guard.policy import Policy

RULE = "operator"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at operators in expressions, ``ANY (…)``, sub-selects and ``ORDER BY … USING``, and at operator classes.

    :raises Refused: rule ``operator``.
    """
    for names in facts.operators:
        if names[-1] not in OPERATORS or names[:-1] not in ((), ("pg_catalog",)):
            # LIKE, BETWEEN and IN carry plain names or words that the grammar fixed
            if names[-1] in _WORDS and len(names) == 1:
                continue
            raise Refused(RULE, f"the operator {'.'.join(names)} is not built in")
    if facts.opclasses:
        raise Refused(RULE, "operator classes may not be named")
    return ()


#: What the grammar itself puts where an operator's name stands.
_WORDS = frozenset({"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"})
