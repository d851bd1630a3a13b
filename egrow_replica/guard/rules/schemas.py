"""CREATE SCHEMA: the controller's own, the extension's under setup; plain, so that nothing comes with it."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.lists.functions import WAL_SCHEMA
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import StatementKind
from egrow_replica.guard.tree import Node, only

RULE = "schema"


def check(statement: Node, policy: Policy) -> tuple[()]:
    """No elements, no owner.

    :raises Refused: rule ``schema``.
    """
    only(RULE, statement, "schemaname", "if_not_exists")
    own = {policy.own_schema} if policy.own_schema else set()
    if StatementKind.CREATE_EXTENSION in policy.kinds:
        own = own | {WAL_SCHEMA}
    if statement.schemaname not in own or not statement.if_not_exists:
        raise Refused(RULE, "only CREATE SCHEMA IF NOT EXISTS of the controller's own schema is allowed")
    return ()
