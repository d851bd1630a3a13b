"""CREATE TABLE AS: a temporary table from a query, so that staging gets the columns' own types without naming them."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.tables import creatable
from egrow_replica.guard.tree import E, Node, class_of, only
from egrow_replica.model import QualifiedName

RULE = "table-as"


def check(statement: Node, policy: Policy) -> tuple[QualifiedName]:
    """Refuse materialised views, EXECUTE, and tables that stay.

    :raises Refused: rule ``table-as`` or ``table``.
    """
    only(RULE, statement, "query", "into", "objtype", "if_not_exists")
    only(RULE, statement.into, "rel", "colNames", "onCommit", "skipData")
    if statement.objtype != E.ObjectType.OBJECT_TABLE or class_of(statement.query) != "SelectStmt":
        raise Refused(RULE, "only a table from a SELECT may be made")
    name = creatable(statement.into.rel, policy)
    if not policy.is_temporary(name):
        raise Refused(RULE, "only a temporary table may be made from a query")
    return (name,)
