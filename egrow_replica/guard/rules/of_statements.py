"""Which rule looks at the clauses of which statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules import (
    analyze,
    comments,
    copy,
    drops,
    explain,
    extensions,
    grants,
    indexes,
    locks,
    memberships,
    publications,
    role_settings,
    roles,
    schemas,
    settings,
    subscriptions,
    table_as,
    tables,
    transactions,
)
from egrow_replica.guard.tree import Node
from egrow_replica.model import QualifiedName

#: By the statement's class. SELECT, INSERT, UPDATE, DELETE and MERGE are wholly covered by the general rules.
STATEMENT_RULES: dict[str, Callable[[Node, Policy], Iterable[QualifiedName]]] = {
    "CopyStmt": copy.check,
    "ExplainStmt": explain.check,
    "VariableShowStmt": settings.check_show,
    "TransactionStmt": transactions.check,
    "VariableSetStmt": settings.check,
    "ConstraintsSetStmt": transactions.check_constraints,
    "LockStmt": locks.check,
    "VacuumStmt": analyze.check,
    "CreateSchemaStmt": schemas.check,
    "CreateStmt": tables.check_create,
    "AlterTableStmt": tables.check_alter,
    "CreateTableAsStmt": table_as.check,
    "IndexStmt": indexes.check,
    "DropStmt": drops.check,
    "CommentStmt": comments.check,
    "CreatePublicationStmt": publications.check,
    "CreateSubscriptionStmt": subscriptions.check_create,
    "AlterSubscriptionStmt": subscriptions.check_alter,
    "AlterOwnerStmt": subscriptions.check_owner,
    "DropSubscriptionStmt": subscriptions.check_drop,
    "CreateRoleStmt": roles.check_create,
    "AlterRoleStmt": roles.check_alter,
    "AlterRoleSetStmt": role_settings.check,
    "DropRoleStmt": roles.check_drop,
    "DropOwnedStmt": roles.check_drop,
    "GrantRoleStmt": memberships.check,
    "GrantStmt": grants.check,
    "AlterDefaultPrivilegesStmt": grants.check_defaults,
    "CreateExtensionStmt": extensions.check,
}
