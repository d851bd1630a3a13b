"""Checks of the roles: ours has what a window needs, and the role that writes content can write nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import OWN_SCHEMA
from egrow_replica.catalog.role_uses import read_role_uses
from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    RECONCILE_ROLE,
    RESTORE_PRIVILEGES,
    RESTORE_ROLE,
    apply_privileges,
    column_privileges,
    missing_privileges,
    not_owned,
    read_operator_rights,
    read_roles,
    unreadable,
    unsettable_sequences,
    why_not_reconcile,
)
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.db import Capability
from egrow_replica.model import Check, QualifiedName, Server
from egrow_replica.window.checks.base import error, inspection, warning
from egrow_replica.window.checks.remedies import name, table
from egrow_replica.window.checks.view import View

DEV, PROD = Server.DEV, Server.PROD
_SETUP = "Run `egrow-replica setup` (it prints the SQL) or `setup --apply` with an administrator's connection."
_CONTENT_ROLES = (APPLY_ROLE, RESTORE_ROLE)


def makes_roles(view: View) -> bool:
    """Whether the window has to make the content roles itself: a superuser without them.

    Another database of the cluster may have them: those that may do nothing here were not made for this one.
    """
    facts = view.facts(PROD)
    if not facts.superuser:
        return False
    used = {use.role for use in read_role_uses(view.prod, _CONTENT_ROLES) if use.database == facts.database}
    return len(read_roles(view.prod, _CONTENT_ROLES)) < len(_CONTENT_ROLES) or not used


@inspection("privilege", DEV, subject="operator", fine="it may replicate, and publish and read every content table")
def development(view: View, server: Server) -> Iterator[Check]:
    """What a window needs of our role on dev."""
    facts = view.facts(server)
    role = name(facts.role)
    if not facts.may_replicate:
        message = "the role may not make a slot: it lacks REPLICATION"
        yield error("privilege", server, facts.role, message, f"ALTER ROLE {role} REPLICATION;")
    if facts.superuser:
        return
    if not read_operator_rights(view.dev).may_create:
        message = "may not create a publication: CREATE on the database is missing"
        remedy = f"GRANT CREATE ON DATABASE {name(facts.database)} TO {role};"
        yield error("privilege", server, facts.role, message, remedy)
    content = view.content_relations(server)
    for foreign in not_owned(view.dev, content):
        yield error(
            "privilege",
            server,
            foreign.name,
            f"{facts.role} cannot publish it: only a member of its owner {foreign.owner} can",
            f"GRANT {name(foreign.owner)} TO {role};",
        )
    for relation in unreadable(view.dev, content):
        yield error("privilege", server, relation, f"{facts.role} cannot read it", _read(relation, role))


@inspection("privilege", PROD, subject="operator", fine="it may do what a window needs, and reads every table")
def production(view: View, server: Server) -> Iterator[Check]:
    """What a window needs of our role on production."""
    facts = view.facts(server)
    if facts.superuser:
        yield warning(
            "superuser",
            server,
            facts.role,
            "the operator is a superuser: the second wall is weaker, a function could leave the content role",
            "Use an ordinary role: " + _SETUP,
        )
        return
    role = name(facts.role)
    relations = [one for one in view.relations(server).values() if one.name.schema != OWN_SCHEMA]
    for relation in unreadable(view.prod, [one for one in relations if one.kind in ("r", "p")]):
        message = f"{facts.role} cannot read it, so nothing could be proved"
        yield error("privilege", server, relation, message, _read(relation, role))
    yield from _rights(view, server)


def _rights(view: View, server: Server) -> Iterator[Check]:
    role, database = name(view.facts(server).role), name(view.facts(server).database)
    rights = read_operator_rights(view.prod)
    origins = "create(text), {0}drop(text), {0}oid(text), {0}session_setup(text)".replace("{0}", _ORIGIN)
    needs = (
        (
            rights.may_create,
            "may not create the journal or a subscription: CREATE on the database is missing",
            f"GRANT CREATE ON DATABASE {database} TO {role};",
        ),
        (
            rights.may_make_temporary,
            "may not make temporary tables",
            f"GRANT TEMPORARY ON DATABASE {database} TO {role};",
        ),
        (
            rights.may_set_replica_role,
            "may not set session_replication_role",
            f"GRANT SET ON PARAMETER session_replication_role TO {role};",
        ),
        (
            rights.may_use_origins,
            "may not use replication origins",
            f"GRANT EXECUTE ON FUNCTION {_ORIGIN}{origins} TO {role};",
        ),
        # Before 16 there is no such role, and another check says what that means.
        (
            rights.may_create_subscription or not view.prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER),
            "may not create a subscription: it is no member of pg_create_subscription",
            f"GRANT pg_create_subscription TO {role};",
        ),
        (len(rights.may_become) == len(_CONTENT_ROLES), f"cannot become {APPLY_ROLE} and {RESTORE_ROLE}", _SETUP),
    )
    for granted, message, remedy in needs:
        if not granted:
            yield error("privilege", server, view.facts(server).role, message, remedy)


_ORIGIN = "pg_replication_origin_"


def _read(relation: QualifiedName, role: str) -> str:
    return f"GRANT USAGE ON SCHEMA {name(relation.schema)} TO {role}; GRANT SELECT ON {table(relation)} TO {role};"


@inspection("row-security", DEV, PROD, subject="row security", fine="it hides no row from us that we have to see")
def row_security(view: View, server: Server) -> Iterator[Check]:
    """A fingerprint that misses rows proves nothing, and a row that dev hides would not travel."""
    facts = view.facts(server)
    if server is DEV:
        for hidden in view.hidden_on_dev:
            message = f"row security hides its rows from {facts.role}: they could not be compared or copied"
            remedy = f"ALTER ROLE {name(facts.role)} BYPASSRLS; -- on dev"
            yield error("row-security", server, hidden, message, remedy)
        return
    if facts.bypasses_row_security:
        return
    for relation in view.bystanders(server):
        if relation.row_security:
            message = f"row security hides rows from {facts.role}"
            yield error("row-security", server, relation.name, message, f"ALTER ROLE {name(facts.role)} BYPASSRLS;")


@inspection("content-roles", PROD, subject="content roles", fine="they may write content and nothing else", both=True)
def content_roles(view: View, server: Server) -> Iterator[Check]:
    """The second wall: what the roles that write content may do, and what they must not."""
    roles = read_roles(view.prod, _CONTENT_ROLES)
    missing = [one for one in _CONTENT_ROLES if one not in roles]
    if missing and not view.facts(server).superuser:
        yield error("content-roles", server, ", ".join(missing), "the role does not exist", _SETUP)
    if missing or makes_roles(view):
        return
    for one in _CONTENT_ROLES:
        if roles[one].superuser:
            message = "the role is a superuser: nothing would stop it"
            yield error("content-roles", server, one, message, f"ALTER ROLE {name(one)} NOSUPERUSER;")
        yield from _privileges(view, server, one)
    for sequence in unsettable_sequences(view.prod, APPLY_ROLE, view.scope):
        remedy = f"GRANT USAGE, SELECT, UPDATE ON SEQUENCE {sequence} TO {name(APPLY_ROLE)};"
        yield error("content-roles", server, sequence, f"{APPLY_ROLE} may not set the sequence", remedy)
    if view.prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER) and not roles[APPLY_ROLE].may_login:
        message = "the worker cannot start as a role without LOGIN"
        yield error("content-roles", server, APPLY_ROLE, message, f"ALTER ROLE {name(APPLY_ROLE)} LOGIN;")
    yield from _columns(view, server)


def _columns(view: View, server: Server) -> Iterator[Check]:
    """The role of the reconcile: the second wall by column, without which a window goes on all the same."""
    reason = why_not_reconcile(view.prod, view.scope)
    if reason:
        message = f"{reason}: the second wall is weaker, {APPLY_ROLE} reconciles, which may write every column"
        yield warning("content-roles", server, RECONCILE_ROLE, message, _column_grants(view) or _SETUP)
        return
    own = [(one.oid, column) for one in view.scope.tables for column in one.own_columns]
    for column in column_privileges(view.prod, RECONCILE_ROLE, own):
        if column.may_write:
            message = f"{RECONCILE_ROLE} may write {column.column}, which does not travel: the second wall is weaker"
            yield warning("content-roles", server, column.name, message, _SETUP)


def _column_grants(view: View) -> str:
    """What gives the role of the reconcile what it lacks, where that is only privileges."""
    if RECONCILE_ROLE not in read_roles(view.prod, [RECONCILE_ROLE]):
        return ""
    role = name(RECONCILE_ROLE)
    travelling = [(one.oid, column) for one in view.scope.tables for column in one.column_names]
    missing = [one for one in column_privileges(view.prod, RECONCILE_ROLE, travelling) if not one.may_write]
    lacking = {one.name for one in missing}
    grants = [f"GRANT USAGE ON SCHEMA {name(schema)} TO {role};" for schema in sorted({one.schema for one in lacking})]
    for one in view.scope.tables:
        if one.name in lacking:
            listed = ", ".join(name(column) for column in one.column_names)
            grants.append(f"GRANT SELECT, INSERT ({listed}), UPDATE ({listed}) ON {table(one.name)} TO {role};")
    sequences = unsettable_sequences(view.prod, RECONCILE_ROLE, view.scope)
    grants += [f"GRANT USAGE, SELECT, UPDATE ON SEQUENCE {one} TO {role};" for one in sequences]
    return " ".join(grants)


def _privileges(view: View, server: Server, role: str) -> Iterator[Check]:
    relations, content = view.relations(server), view.scope.names
    # A statement of ours names the root, which is enough; the worker has to have every privilege on the part too.
    names = (*content, *partitions_of(relations, content)) if role == APPLY_ROLE else content
    wanted = apply_privileges(view.settings.window.publish) if role == APPLY_ROLE else RESTORE_PRIVILEGES
    for missing in missing_privileges(view.prod, role, [relations[one] for one in names], wanted):
        remedy = f"GRANT {missing.privilege} ON {table(missing.name)} TO {name(role)};"
        yield error("content-roles", server, missing.name, f"{role} lacks {missing.privilege}", remedy)


CHECKS = (*development, *production, *row_security, *content_roles)
