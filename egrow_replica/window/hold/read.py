"""What production says of holds, roles and sessions, and whether its roles can be held. Only reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from egrow_replica.catalog import protected, read_relations
from egrow_replica.catalog.conditions import read_places
from egrow_replica.catalog.roles import APPLY_ROLE, MAINTENANCE_ROLE, RECONCILE_ROLE, RESTORE_ROLE
from egrow_replica.db import Capability, Door, Identifier, query
from egrow_replica.errors import ConfigurationError, PreflightFailed, Refused, WrongState
from egrow_replica.model import QualifiedName
from egrow_replica.window.hold.model import HeldRole, Hold, Prepared, RoleRights, Session, Writer

#: The controller's own roles; the login is added to them.
OWN_ROLES = frozenset({APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE, MAINTENANCE_ROLE, "egrow_operator"})


def read_hold(prod: Door) -> Hold | None:
    """The hold in force."""
    if not prod.value(query("hold/exists")):
        return None
    found = prod.rows(Hold, query("hold/in_force"))
    return found[0] if found else None


def read_left_behind(prod: Door) -> tuple[Hold, list[Session]] | None:
    """The hold that was released last, where sessions that began under it are left: they only read until they end.

    Whoever released it died before he had ended them, or they did not end in time.
    """
    if not prod.value(query("hold/exists")):
        return None
    for hold in prod.rows(Hold, query("hold/last")):
        released = hold.released_at
        assert released is not None
        left = [
            one
            for one in read_sessions(prod, hold.changed)
            if one.started_at is not None and hold.begun_at <= one.started_at < released
        ]
        return (hold, left) if left else None
    return None


def read_role_rights(prod: Door, roles: Iterable[str]) -> dict[str, RoleRights]:
    """Those of the roles that exist."""
    needs_admin = prod.has(Capability.MEMBERSHIP_OPTIONS)
    rows = prod.rows(RoleRights, query("hold/roles"), [list(roles), MAINTENANCE_ROLE, needs_admin])
    return {row.name: row for row in rows}


def read_sessions(prod: Door, roles: Iterable[str]) -> list[Session]:
    """Sessions of these roles in this database, but our own."""
    return prod.rows(Session, query("hold/sessions"), [list(roles)])


def read_writers(prod: Door, tables: Iterable[int], held: Iterable[str]) -> list[Writer]:
    """Roles that may write tables with these oids, beside the held ones."""
    membership = "USAGE, SET" if prod.has(Capability.MEMBERSHIP_OPTIONS) else "MEMBER"
    return prod.rows(Writer, query("hold/writers"), [list(tables), list(held), membership])


def protected_oids(prod: Door, content: Collection[QualifiedName]) -> list[int]:
    """The protected tables, by oid."""
    return [table.oid for table in protected(read_relations(prod, measured=False).values(), content)]


def read_prepared(prod: Door) -> list[Prepared]:
    """Transactions that were prepared in this database."""
    return prod.rows(Prepared, query("hold/prepared"))


def still_there(hold: Hold, now: dict[str, RoleRights]) -> list[HeldRole]:
    """The held roles that exist, and are the ones that were held."""
    return [role for role in hold.roles if role.name in now and now[role.name].oid == role.oid]


def changed_meanwhile(hold: Hold, now: dict[str, RoleRights]) -> Iterator[str]:
    """What of the roles is not as the hold has made it."""
    there = {role.name for role in still_there(hold, now)}
    for role in hold.roles:
        if role.name not in there:
            yield f"the role {role.name} is gone, or another one has its name: nothing was given back to it"
        elif now[role.name].in_database != "on":
            yield f"somebody had set {role.name} to {now[role.name].in_database or 'nothing'} during the hold"


def check_roles(prod: Door, roles: tuple[str, ...], login: str | None) -> dict[str, RoleRights]:
    """See that these roles can be held.

    :raises ConfigurationError: none is configured.
    :raises Refused: a superuser, whom the setting does not bind, or a role of the controller's.
    :raises PreflightFailed: a role that does not exist or does not log in, or rights of ours that are missing.
    """
    if not roles:
        raise ConfigurationError(
            "no role is configured whose writes could be held",
            hint='Name those that the application logs in as: [maintenance] roles = ["app"].',
        )
    found = read_role_rights(prod, roles)
    for name in roles:
        refuse_role(name, found.get(name), {prod.role, login})
    lacking = [name for name, one in found.items() if not (one.ours_may or one.keeper_may)]
    if lacking:
        raise PreflightFailed(
            f"our login may not hold writes of {', '.join(lacking)}",
            hint="Run `egrow-replica setup` (it prints the SQL) with [maintenance] roles, or let an administrator run "
            "`maintenance on`.",
            code="privilege",
        )
    if not read_places(prod).sees_activity:
        raise PreflightFailed(
            "our login may not see other sessions, so that nobody would know whether writes are held",
            hint=f"GRANT pg_monitor TO {Identifier(prod.role).as_string(None)};",
            code="privilege",
        )
    return found


def refuse_role(name: str, found: RoleRights | None, logins: Collection[str | None]) -> None:
    """See that a role is one whose writes can be held.

    :param logins: ours.
    :raises Refused: a superuser, or a role of the controller's; :raises PreflightFailed: it is none that logs in.
    """
    if name in OWN_ROLES or name in logins:
        raise Refused("hold", f"{name} is a role of the controller's: held, it could not go on", hint=_NAME_THEIRS)
    if found is None:
        raise PreflightFailed(f"production has no role {name}", hint=_NAME_THEIRS, code="unknown-role")
    if found.superuser:
        raise Refused("hold", f"{name} is a superuser, who can write whatever is set", hint=_NAME_THEIRS)
    if not found.may_login:
        message = f"{name} does not log in, so that no session would ever have its settings"
        raise PreflightFailed(message, hint=_NAME_THEIRS, code="role-without-login")


_NAME_THEIRS = "Name the roles that the application logs in as in [maintenance] roles."


def refuse_held(hold: Hold | None) -> None:
    """See that no hold is in force; :raises WrongState: one is."""
    if hold is not None:
        raise WrongState(
            f"writes of {', '.join(hold.names)} are held already (hold {hold.id}, by {hold.os_user}@{hold.os_host})",
            hint="`egrow-replica maintenance status` shows it, `maintenance off` ends it.",
            code="already-held",
        )


def refuse_prepared(prod: Door, roles: Iterable[str]) -> None:
    """See that none of the roles has prepared a transaction; :raises PreflightFailed: one has."""
    for one in read_prepared(prod):
        if one.role in roles:
            raise PreflightFailed(
                f"{one.role} prepared the transaction {one.gid}: whoever ends it would write in spite of a hold",
                hint="COMMIT PREPARED or ROLLBACK PREPARED it first.",
                code="prepared-transaction",
            )
