"""Checks of the roles: ours has what a window needs, and the role that writes content can write nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog import Relation, Scope, ServerFacts
from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    RESTORE_PRIVILEGES,
    RESTORE_ROLE,
    apply_privileges,
    missing_privileges,
    not_owned,
    read_operator_rights,
    read_roles,
    unreadable,
    unsettable_sequences,
    writable_outside,
)
from egrow_replica.db import Capability, Door
from egrow_replica.evidence import OWN_SCHEMAS, protected
from egrow_replica.model import Check, QualifiedName, Severity, Side
from egrow_replica.settings import Operation

_SETUP = "Run `egrow-replica setup` (it prints the SQL) or `setup --apply` with an administrator's connection."


def access_checks(
    dev: Door,
    prod: Door,
    scope: Scope,
    prod_relations: dict[QualifiedName, Relation],
    dev_relations: dict[QualifiedName, Relation],
    prod_facts: ServerFacts,
    dev_facts: ServerFacts,
    publish: tuple[Operation, ...],
) -> tuple[list[Check], bool]:
    """The findings, and whether the window has to make the content roles itself (a superuser without them)."""
    roles = read_roles(prod, (APPLY_ROLE, RESTORE_ROLE))
    missing = [name for name in (APPLY_ROLE, RESTORE_ROLE) if name not in roles]
    makes_roles = bool(missing) and prod_facts.superuser
    checks = [
        *_dev_checks(dev, scope, dev_relations, dev_facts),
        *_prod_checks(prod, scope, prod_relations, prod_facts),
    ]
    if makes_roles:
        return checks, True
    if missing:
        checks.append(_error(Side.PROD, ", ".join(missing), "the role does not exist", _SETUP))
        return checks, False
    for name in (APPLY_ROLE, RESTORE_ROLE):
        if roles[name].superuser:
            checks.append(_error(Side.PROD, name, "the role is a superuser: nothing would stop it", "NOSUPERUSER"))
    return [*checks, *_content_role_checks(prod, scope, publish)], False


def _dev_checks(
    dev: Door, scope: Scope, relations: dict[QualifiedName, Relation], facts: ServerFacts
) -> Iterator[Check]:
    if not facts.may_replicate:
        yield _error(Side.DEV, facts.role, "the role may not make a slot: it lacks REPLICATION", _SETUP)
    content = [relations[name] for name in scope.names if name in relations]
    if facts.superuser:
        return
    for foreign in not_owned(dev, content):
        yield _error(
            Side.DEV,
            str(foreign.name),
            f"{facts.role} cannot publish it: only a member of its owner {foreign.owner} can",
            f"GRANT {foreign.owner} TO {facts.role};",
        )
    for name in unreadable(dev, content):
        yield _error(Side.DEV, str(name), f"{facts.role} cannot read it", _SETUP)


def _prod_checks(
    prod: Door, scope: Scope, relations: dict[QualifiedName, Relation], facts: ServerFacts
) -> Iterator[Check]:
    if facts.superuser:
        yield Check(
            id="superuser",
            severity=Severity.WARNING,
            server=Side.PROD,
            subject=facts.role,
            message="the operator is a superuser: the second wall is weaker, a function could leave the content role",
            remedy="Use an ordinary role: " + _SETUP,
        )
        return
    everything = protected(relations.values(), scope)
    for name in unreadable(prod, [*everything, *(relations[name] for name in scope.names)]):
        yield _error(Side.PROD, str(name), f"{facts.role} cannot read it, so nothing could be proved", _SETUP)
    for relation in everything:
        if relation.row_security and not facts.bypasses_row_security:
            yield _error(
                Side.PROD,
                str(relation.name),
                f"row security hides rows from {facts.role}",
                f"ALTER ROLE {facts.role} BYPASSRLS;",
            )
    rights = read_operator_rights(prod)
    needs = {
        "may not create the journal or a subscription: CREATE on the database is missing": rights.may_create,
        "may not make temporary tables": rights.may_make_temporary,
        "may not set session_replication_role": rights.may_set_replica_role,
        "may not use replication origins": rights.may_use_origins,
        # Before 16 there is no such role, and another check says what that means.
        "may not create a subscription: it is no member of pg_create_subscription": rights.may_create_subscription
        or not prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER),
        f"cannot become {APPLY_ROLE} and {RESTORE_ROLE}": len(rights.may_become) == 2,
    }
    for message, granted in needs.items():
        if not granted:
            yield _error(Side.PROD, facts.role, message, _SETUP)


def _content_role_checks(prod: Door, scope: Scope, publish: tuple[Operation, ...]) -> Iterator[Check]:
    wanted = {APPLY_ROLE: apply_privileges(publish), RESTORE_ROLE: RESTORE_PRIVILEGES}
    for role, privileges in wanted.items():
        for missing in missing_privileges(prod, role, scope, privileges):
            yield _error(Side.PROD, str(missing.name), f"{role} lacks {missing.privilege}", _SETUP)
        for name in writable_outside(prod, role, scope, OWN_SCHEMAS):
            yield Check(
                id="wide-privileges",
                severity=Severity.ERROR,
                server=Side.PROD,
                subject=str(name),
                message=f"{role} could write it, and it is not content",
                remedy=f"REVOKE ALL ON {name} FROM {role}, PUBLIC; and see which roles {role} is a member of.",
                refused=True,
            )
    for sequence in unsettable_sequences(prod, APPLY_ROLE, scope):
        yield _error(Side.PROD, sequence, f"{APPLY_ROLE} may not set the sequence", _SETUP)
    if not prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
        return
    if not read_roles(prod, (APPLY_ROLE,))[APPLY_ROLE].may_login:
        yield _error(Side.PROD, APPLY_ROLE, "the worker cannot start as a role without LOGIN", _SETUP)


def _error(side: Side, subject: str, message: str, remedy: str) -> Check:
    return Check(id="privilege", severity=Severity.ERROR, server=side, subject=subject, message=message, remedy=remedy)
