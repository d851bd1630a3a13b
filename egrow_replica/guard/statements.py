"""The kinds of statement that exist for the guard; everything else is refused by name."""

from __future__ import annotations

from enum import StrEnum


class StatementKind(StrEnum):
    """What a statement is, after parsing. A statement that is none of these cannot pass under any policy."""

    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    MERGE = "merge"
    COPY = "copy"
    EXPLAIN = "explain"
    SHOW = "show"
    TRANSACTION = "transaction"
    SET = "set"
    SET_CONSTRAINTS = "set constraints"
    LOCK = "lock"
    ANALYZE = "analyze"
    CREATE_SCHEMA = "create schema"
    CREATE_TABLE = "create table"
    CREATE_TABLE_AS = "create table as"
    ALTER_TABLE = "alter table"
    CREATE_INDEX = "create index"
    DROP = "drop"
    COMMENT = "comment"
    CREATE_PUBLICATION = "create publication"
    CREATE_SUBSCRIPTION = "create subscription"
    ALTER_SUBSCRIPTION = "alter subscription"
    ALTER_OWNER = "alter owner"
    DROP_SUBSCRIPTION = "drop subscription"
    CREATE_ROLE = "create role"
    ALTER_ROLE = "alter role"
    ALTER_ROLE_SET = "alter role set"
    DROP_ROLE = "drop role"
    GRANT = "grant"
    GRANT_ROLE = "grant role"
    DEFAULT_PRIVILEGES = "alter default privileges"
    CREATE_EXTENSION = "create extension"
    DROP_OWNED = "drop owned"


#: Class of the parse tree → kind. ``DropStmt`` and ``AlterOwnerStmt`` are narrowed by their own rules.
KIND_OF_CLASS: dict[str, StatementKind] = {
    "SelectStmt": StatementKind.SELECT,
    "InsertStmt": StatementKind.INSERT,
    "UpdateStmt": StatementKind.UPDATE,
    "DeleteStmt": StatementKind.DELETE,
    "MergeStmt": StatementKind.MERGE,
    "CopyStmt": StatementKind.COPY,
    "ExplainStmt": StatementKind.EXPLAIN,
    "VariableShowStmt": StatementKind.SHOW,
    "TransactionStmt": StatementKind.TRANSACTION,
    "VariableSetStmt": StatementKind.SET,
    "ConstraintsSetStmt": StatementKind.SET_CONSTRAINTS,
    "LockStmt": StatementKind.LOCK,
    "VacuumStmt": StatementKind.ANALYZE,
    "CreateSchemaStmt": StatementKind.CREATE_SCHEMA,
    "CreateStmt": StatementKind.CREATE_TABLE,
    "CreateTableAsStmt": StatementKind.CREATE_TABLE_AS,
    "AlterTableStmt": StatementKind.ALTER_TABLE,
    "IndexStmt": StatementKind.CREATE_INDEX,
    "DropStmt": StatementKind.DROP,
    "CommentStmt": StatementKind.COMMENT,
    "CreatePublicationStmt": StatementKind.CREATE_PUBLICATION,
    "CreateSubscriptionStmt": StatementKind.CREATE_SUBSCRIPTION,
    "AlterSubscriptionStmt": StatementKind.ALTER_SUBSCRIPTION,
    "AlterOwnerStmt": StatementKind.ALTER_OWNER,
    "DropSubscriptionStmt": StatementKind.DROP_SUBSCRIPTION,
    "CreateRoleStmt": StatementKind.CREATE_ROLE,
    "AlterRoleStmt": StatementKind.ALTER_ROLE,
    "AlterRoleSetStmt": StatementKind.ALTER_ROLE_SET,
    "DropRoleStmt": StatementKind.DROP_ROLE,
    "GrantStmt": StatementKind.GRANT,
    "GrantRoleStmt": StatementKind.GRANT_ROLE,
    "AlterDefaultPrivilegesStmt": StatementKind.DEFAULT_PRIVILEGES,
    "CreateExtensionStmt": StatementKind.CREATE_EXTENSION,
    "DropOwnedStmt": StatementKind.DROP_OWNED,
}

#: What ``DROP`` and ``ALTER … OWNER`` may name, under one policy or another.
DROPPED = ("TABLE", "PUBLICATION", "EXTENSION", "SCHEMA")
OWNED = ("SUBSCRIPTION", "SCHEMA")


def command_tags() -> frozenset[str]:
    """Return the tags by which event triggers may listen to statements that pass the guard."""
    named = {StatementKind.DROP: [f"DROP {one}" for one in DROPPED]}
    named[StatementKind.ALTER_OWNER] = [f"ALTER {one}" for one in OWNED]
    named[StatementKind.GRANT] = ["GRANT", "REVOKE"]
    named[StatementKind.CREATE_TABLE_AS] = ["CREATE TABLE AS", "SELECT INTO"]
    return frozenset(tag for kind in StatementKind for tag in named.get(kind, [kind.value.upper()]))


#: Statements that may stand inside another one (a CTE, EXPLAIN, COPY) and are judged by what they touch.
NESTED = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"})
