"""Only built-in operators: one in a user's schema is a function call with another face."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.names import OPERATORS
from egrow_replica.guard.policy import Policy

RULE = "operator"

#: What the grammar itself puts where an operator's name stands.
_WORDS = frozenset({("BETWEEN",), ("NOT BETWEEN",), ("BETWEEN SYMMETRIC",), ("NOT BETWEEN SYMMETRIC",)})


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at operators in expressions, ``ANY (…)``, sub-selects and ``ORDER BY … USING``, and at operator classes.

    :raises Refused: rule ``operator``.
    """
    for names in facts.operators:
        built_in = names[-1] in OPERATORS and names[:-1] in ((), ("pg_catalog",))
        if not built_in and names not in _WORDS:
            raise Refused(RULE, f"the operator {'.'.join(names)} is not built in")
    if facts.opclasses:
        raise Refused(RULE, "operator classes may not be named")
    return ()
