"""Roles, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog.scope import Scope
from egrow_replica.catalog.tables import Relation
from egrow_replica.db import Capability, Door, query, relation
from egrow_replica.model import Model, QualifiedName, TableName

#: Owns the subscription and writes content: SELECT, INSERT, UPDATE on content tables (DELETE only where deletes are
#: published), nothing else. It has LOGIN,
#: which the worker needs, but no password and no connection, so that nobody else gets in.
APPLY_ROLE = "egrow_apply"
#: Puts content back: as the apply role, and DELETE for rows that a window made. No worker ever runs as it, so the
#: stream cannot delete whatever happens.
RESTORE_ROLE = "egrow_restore"

#: Brings content to dev's state before the stream goes on: INSERT and UPDATE on exactly the columns that travel. The
#: stream itself cannot be held to them: the apply worker asks for privileges on the whole table (worker.c).
RECONCILE_ROLE = "egrow_reconcile"

#: Holds the application's writes: it has CREATEROLE, and ADMIN on the application's roles without being what they are.
#: Nobody logs in as it; the operator takes it on for one transaction.
MAINTENANCE_ROLE = "egrow_maintenance"

_WRITING = ("SELECT", "INSERT", "UPDATE")
RESTORE_PRIVILEGES = (*_WRITING, "DELETE")


#: What the role of the reconcile holds, INSERT and UPDATE on some columns only.
RECONCILE_PRIVILEGES = _WRITING


def apply_privileges(publish: Iterable[str]) -> tuple[str, ...]:
    """What the apply role holds on content tables: DELETE only where deletes are streamed."""
    return (*_WRITING, "DELETE") if "delete" in publish else _WRITING


class Role(Model):
    """A role's own settings."""

    name: str
    superuser: bool
    may_login: bool
    may_replicate: bool
    connection_limit: int


class OperatorRights(Model):
    """What the present role may do on production; ``may_become`` names the roles that it can take on."""

    may_create: bool
    may_make_temporary: bool
    may_set_replica_role: bool
    may_use_origins: bool
    may_create_subscription: bool
    may_become: tuple[str, ...]


class ColumnPrivilege(Model):
    """Whether a role may write a column of a table."""

    name: TableName
    column: str
    may_write: bool


class MissingPrivilege(Model):
    """A privilege that a role lacks on a table."""

    name: TableName
    privilege: str


class ForeignOwner(Model):
    """A table and its owner, whose member the present role is not."""

    name: TableName
    owner: str


class _Named(Model):
    name: TableName


def read_roles(door: Door, names: Iterable[str]) -> dict[str, Role]:
    """Those of the roles that exist."""
    return {role.name: role for role in door.rows(Role, query("catalog/roles"), [list(names)])}


def read_operator_rights(prod: Door) -> OperatorRights:
    """What our login may do on production."""
    return prod.one(OperatorRights, query("catalog/operator_rights"), [[APPLY_ROLE, RESTORE_ROLE]])


def unreadable(door: Door, relations: Iterable[Relation]) -> list[QualifiedName]:
    """Those of the relations that our login cannot read."""
    return [row.name for row in door.rows(_Named, query("catalog/unreadable"), [[one.oid for one in relations]])]


def not_owned(dev: Door, relations: Iterable[Relation]) -> list[ForeignOwner]:
    """Those of the relations that our login may not publish."""
    return dev.rows(ForeignOwner, query("catalog/not_owned"), [[one.oid for one in relations]])


def missing_privileges(
    door: Door, role: str, relations: Iterable[Relation], privileges: Iterable[str]
) -> list[MissingPrivilege]:
    """Privileges that the role lacks on these tables."""
    oids = [one.oid for one in relations]
    return door.rows(MissingPrivilege, query("catalog/table_privileges"), [role, oids, list(privileges)])


def column_privileges(door: Door, role: str, columns: Iterable[tuple[int, str]]) -> list[ColumnPrivilege]:
    """What the role, which exists, may do with each of the columns: its table's oid and its name."""
    wanted = list(columns)
    parameters = [role, [oid for oid, _ in wanted], [column for _, column in wanted]]
    return door.rows(ColumnPrivilege, query("catalog/column_privileges"), parameters)


def why_not_reconcile(prod: Door, scope: Scope) -> str:
    """Why content cannot be written by the role that is held to the columns that travel, ``""`` where it can."""
    if RECONCILE_ROLE not in read_roles(prod, [RECONCILE_ROLE]):
        return f"there is no role {RECONCILE_ROLE}"
    if RECONCILE_ROLE not in prod.one(OperatorRights, query("catalog/operator_rights"), [[RECONCILE_ROLE]]).may_become:
        return f"{prod.role} cannot become {RECONCILE_ROLE}"
    travelling = [(table.oid, name) for table in scope.tables for name in table.column_names]
    lacking = [one for one in column_privileges(prod, RECONCILE_ROLE, travelling) if not one.may_write]
    if lacking:
        return f"{RECONCILE_ROLE} may not write {lacking[0].name}.{lacking[0].column}"
    sequences = unsettable_sequences(prod, RECONCILE_ROLE, scope)
    return f"{RECONCILE_ROLE} may not set sequence {sequences[0]}" if sequences else ""


def unsettable_sequences(door: Door, role: str, scope: Scope) -> list[str]:
    """Content's sequences that the role may not set."""
    names = [relation(sequence.name).as_string(None) for sequence in scope.sequences]
    return [str(name) for name in door.values(query("catalog/sequence_privileges"), [role, names])]


def may_have_walinspect(door: Door) -> bool:
    """Whether the server ships the extension that reads WAL."""
    return bool(door.value(query("catalog/has_walinspect")))


def may_maintain(door: Door) -> bool:
    """Whether ANALYZE can be granted at all."""
    return door.has(Capability.MAINTAIN)
