"""The verdict: small rules. Each refuses what it does not know; none allows what another refuses.

General rules look at every statement; a statement rule looks at the clauses of its own kind and says which relations
the statement changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules import (
    collations,
    columns,
    functions,
    kinds,
    literals,
    nodes,
    operators,
    relations,
    row_locks,
    sizes,
    types,
    writes,
)
from egrow_replica.guard.rules.of_statements import STATEMENT_RULES
from egrow_replica.guard.statements import NESTED
from egrow_replica.guard.tree import class_of
from egrow_replica.model import QualifiedName

_GENERAL: tuple[Callable[[Facts, Policy], Iterable[QualifiedName]], ...] = (
    kinds.check,
    nodes.check,
    relations.check,
    writes.check,
    row_locks.check,
    functions.check,
    columns.check,
    types.check,
    operators.check,
    collations.check,
    literals.check,
    sizes.check,
)


def judge(facts: Facts, policy: Policy) -> tuple[QualifiedName, ...]:
    """Ask every rule; return what the statement writes, each relation once.

    :raises Refused: by the first rule that does not let it pass.
    """
    written: dict[QualifiedName, None] = {}
    for check in _GENERAL:
        written.update(dict.fromkeys(check(facts, policy)))
    own_rule = STATEMENT_RULES.get(class_of(facts.statement))
    if own_rule is not None:
        written.update(dict.fromkeys(own_rule(facts.statement, policy)))
    elif class_of(facts.statement) not in NESTED:
        raise Refused(kinds.RULE, "no rule knows the clauses of this statement")
    return tuple(written)
