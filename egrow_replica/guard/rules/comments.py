"""COMMENT ON the window's own publication."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import E, Node, class_of, only

RULE = "comment"


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Any text, on one object.

    :raises Refused: rule ``comment``.
    """
    only(RULE, statement, "objtype", "object", "comment")
    publication = statement.objtype == E.ObjectType.OBJECT_PUBLICATION and class_of(statement.object) == "String"
    if not publication or statement.object.sval != policy.publication:
        raise Refused(RULE, "only the window's own publication may be commented")
    return ()
