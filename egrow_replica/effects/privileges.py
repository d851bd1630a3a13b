"""The second wall, looked at from outside: what the roles of a window may do beyond what they need."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    RECONCILE_PRIVILEGES,
    RECONCILE_ROLE,
    RESTORE_PRIVILEGES,
    RESTORE_ROLE,
    apply_privileges,
)
from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.effects.findings import Finding, failure, refusal, warning
from egrow_replica.effects.hints import quoted
from egrow_replica.effects.hints import relation as sql_name
from egrow_replica.effects.hints import role as sql_role
from egrow_replica.effects.lists import EXTENSION_SCHEMA
from egrow_replica.effects.read import OWN_SCHEMA
from egrow_replica.model import Model, QualifiedName, TableName

#: Memberships with which a role's own privileges no longer say what it may do.
SWEEPING: dict[str, str] = {
    "pg_write_all_data": "may write every table",
    "pg_maintain": "may rewrite and refresh every relation, which runs the functions of its indexes and views",
    "pg_write_server_files": "may write the server's files",
    "pg_execute_server_program": "may run programs on the server",
    "pg_database_owner": "owns the database, and may create and drop in schemas that belong to its owner",
}
_SHOWN = 5


class RoleFact(Model):
    """A role, its attributes, and the roles whose rights it has or can take."""

    name: str
    superuser: bool
    bypasses_row_security: bool
    creates_roles: bool
    creates_databases: bool
    replicates: bool
    holds: tuple[str, ...]


class GrantFact(Model):
    """What one role, or PUBLIC, may do to a relation besides reading; ``OWNER``: it is its own."""

    grantee: str
    name: TableName
    content: bool
    sequence: bool
    privileges: tuple[str, ...]


class PowerFact(Model):
    """A schema in which a role may create, or a SECURITY DEFINER function that it may call."""

    role: str
    kind: str
    name: str


class PrivilegeFacts(Model):
    """All that judging privileges takes.

    :ivar allowed: what a content role may do to content, by role; ``sequences``: content's.
    """

    operator: str
    allowed: dict[str, tuple[str, ...]]
    sequences: tuple[TableName, ...]
    roles: tuple[RoleFact, ...]
    grants: tuple[GrantFact, ...]
    powers: tuple[PowerFact, ...]


def read_privileges(
    door: Door, scope: Scope, *, publish: Iterable[str] = ("insert", "update"), operator: str | None = None
) -> PrivilegeFacts:
    """What the content roles and the operator may do, whatever the way.

    :param publish: what the publication sends: the apply role needs DELETE only for deletes.
    :param operator: who opens windows; by default who is logged in.
    """
    operator = operator or door.role
    allowed = {
        APPLY_ROLE: apply_privileges(publish),
        RESTORE_ROLE: RESTORE_PRIVILEGES,
        RECONCILE_ROLE: RECONCILE_PRIVILEGES,
    }
    names = [*allowed, operator]
    own = [OWN_SCHEMA, EXTENSION_SCHEMA]
    roles = door.rows(RoleFact, query("effects/roles"), [names])
    grantees = sorted({role.name for role in roles} | {held for role in roles for held in role.holds})
    content = door.values(query("effects/content"), [[table.oid for table in scope.tables]])
    return PrivilegeFacts(
        operator=operator,
        allowed=allowed,
        sequences=tuple(sequence.name for sequence in scope.sequences),
        roles=tuple(roles),
        grants=tuple(door.rows(GrantFact, query("effects/grants"), [grantees, content, own])),
        powers=tuple(door.rows(PowerFact, query("effects/powers"), [names, own])),
    )


def validate_privileges(facts: PrivilegeFacts) -> tuple[Finding, ...]:
    """Everything that the content roles may do beyond content (refused), and the operator (a weaker wall).

    A superuser as operator is no finding here: ``superuser`` already says that nothing limits it.
    """
    found: list[Finding] = []
    for role in facts.roles:
        strict = role.name in facts.allowed
        if role.superuser and not strict:
            continue
        found += _attributes(role, strict)
        found += _memberships(role, strict)
        found += _relations(facts, role, strict)
        found += _powers(facts, role)
    return tuple(found)


def _finding(slug: str, role: str, message: str, hint: str, *, strict: bool) -> Finding:
    if strict:
        return refusal(slug, role, message, hint)
    return _advised(slug, role, f"{message}: the second wall is weaker", hint)


def _advised(slug: str, subject: str, message: str, hint: str) -> Finding:
    return warning(slug, subject, message).model_copy(update={"hint": hint})


def _attributes(role: RoleFact, strict: bool) -> Iterator[Finding]:
    name = role.name
    if role.superuser:
        yield refusal(
            "wide-role", name, "it is a superuser: nothing would stop it", f"ALTER ROLE {quoted(name)} NOSUPERUSER;"
        )
        return
    if role.creates_roles:
        message = "it has CREATEROLE, and may give itself other roles"
        yield _finding("wide-role", name, message, f"ALTER ROLE {quoted(name)} NOCREATEROLE;", strict=strict)
    if strict and role.replicates:
        message = "it has REPLICATION, which it does not need: who logs in as it reads every table"
        yield failure("wide-role", name, message, f"ALTER ROLE {quoted(name)} NOREPLICATION;")
    if strict and role.bypasses_row_security:
        hint = f"ALTER ROLE {quoted(name)} NOBYPASSRLS;"
        yield _advised("wide-role", name, "it has BYPASSRLS, which it does not need", hint)
    if strict and role.creates_databases:
        hint = f"ALTER ROLE {quoted(name)} NOCREATEDB;"
        yield _advised("wide-role", name, "it has CREATEDB, which it does not need", hint)


def _memberships(role: RoleFact, strict: bool) -> Iterator[Finding]:
    for held in role.holds:
        if held in SWEEPING:
            message = f"through {held} it {SWEEPING[held]}"
            yield _finding("wide-role", role.name, message, f"REVOKE {held} FROM {quoted(role.name)};", strict=strict)


def _relations(facts: PrivilegeFacts, role: RoleFact, strict: bool) -> Iterator[Finding]:
    """One finding for each kind of privilege and way, with the relations that it is about."""
    found: dict[tuple[str, str], list[QualifiedName]] = defaultdict(list)
    for grant in facts.grants:
        if grant.grantee not in ("PUBLIC", role.name, *role.holds):
            continue
        excess = _excess(facts, role.name, grant)
        if excess:
            found[grant.grantee, ", ".join(sorted(excess))].append(grant.name)
    for (grantee, privileges), names in found.items():
        through = f" through {grantee}" if grantee != role.name else ""
        does = "owns" if privileges == "OWNER" else f"may {privileges} on"
        hint = _take_away(privileges, names, grantee)
        slug = "wide-privileges" if strict else "wide-operator"
        yield _finding(slug, role.name, f"it {does} {_list(names)}{through}", hint, strict=strict)


def _take_away(privileges: str, names: list[QualifiedName], grantee: str) -> str:
    """Only what is too much: reading stays."""
    if "OWNER" in privileges.split(", "):
        return " ".join(f"ALTER TABLE {sql_name(one)} OWNER TO …;" for one in names)
    # Of a column or of the table: what is revoked on the table is revoked on its columns too.
    kinds = ", ".join(dict.fromkeys(one.partition(" (")[0] for one in privileges.split(", ")))
    return f"REVOKE {kinds} ON {', '.join(map(sql_name, names))} FROM {sql_role(grantee)};"


def _excess(facts: PrivilegeFacts, role: str, grant: GrantFact) -> set[str]:
    """Privileges beyond what the role needs of that relation."""
    privileges = set(grant.privileges)
    if grant.sequence and grant.name in facts.sequences:
        return privileges & {"OWNER"}
    if not grant.content:
        return privileges
    if role in facts.allowed:
        allowed = {*facts.allowed[role], "MAINTAIN"}
        return {one for one in privileges if one.partition(" ")[0] not in allowed}
    # The operator writes content only after taking on a content role, and has that role's rights by it.
    return set() if grant.grantee in facts.allowed else privileges


def _powers(facts: PrivilegeFacts, role: RoleFact) -> Iterator[Finding]:
    schemas = [one.name for one in facts.powers if one.role == role.name and one.kind == "schema"]
    if schemas:
        message = f"it may create functions and tables in {_list(schemas)}"
        hint = f"REVOKE CREATE ON SCHEMA {', '.join(map(quoted, schemas))} FROM {quoted(role.name)}, PUBLIC;"
        yield _advised("may-create", role.name, message, hint)
    functions = [one.name for one in facts.powers if one.role == role.name and one.kind == "function"]
    if functions:
        message = f"it may call {_list(functions)}, which run with their owner's rights (SECURITY DEFINER)"
        hint = f"REVOKE EXECUTE ON ROUTINE {', '.join(functions)} FROM PUBLIC; -- where nobody else needs it"
        yield _advised("may-call-definer", role.name, message, hint)


def _list(names: Iterable[object]) -> str:
    shown = [str(name) for name in names]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
