"""CREATE INDEX: on temporary tables and the controller's own."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import name_of
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, only
from egrow_replica.model import QualifiedName

RULE = "index"


def check(statement: Node, policy: Policy) -> tuple[QualifiedName]:
    """A plain btree; expressions are judged by the general rules.

    :raises Refused: rule ``index``.
    """
    only(
        RULE, statement, "idxname", "relation", "accessMethod", "indexParams", "unique", "whereClause",
        "if_not_exists", "nulls_not_distinct", "indexIncludingParams",
    )  # fmt: skip
    name = name_of(statement.relation)
    if name is None or not (policy.is_temporary(name) or policy.is_own(name)):
        raise Refused(RULE, "only the controller's own and temporary tables get an index")
    if statement.accessMethod not in ("btree", "hash"):
        raise Refused(RULE, "this access method is not allowed")
    for element in statement.indexParams:
        only(RULE, element, "name", "expr", "collation", "ordering", "nulls_ordering")
    return (name,)
