"""The roles and privileges of both servers: printed, applied, or removed."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import SecretStr

from egrow_replica.app.context import Context
from egrow_replica.catalog import read_owned_sequences, read_relations, read_server_facts
from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    MAINTENANCE_ROLE,
    RESTORE_ROLE,
    Role,
    may_have_walinspect,
    read_roles,
)
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.db import Composed, Door, Dsn, connect, parse_dsn
from egrow_replica.errors import ConfigurationError, PreflightFailed, WrongState
from egrow_replica.evidence import OWN_SCHEMA, OWN_SCHEMAS
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server
from egrow_replica.replication import roles
from egrow_replica.results import SetupReport
from egrow_replica.settings import admin_dsn
from egrow_replica.window.hold import read_hold, read_role_rights, refuse_role
from egrow_replica.window.journal import create_statements, owner_statements, tables_there
from egrow_replica.window.servers import Servers

ADMIN_VARIABLES = {Server.DEV: "EGROW_DEV_ADMIN_DSN", Server.PROD: "EGROW_PROD_ADMIN_DSN"}


class SetupAction(StrEnum):
    """What to do with the statements."""

    PRINT = "print"
    APPLY = "apply"
    REMOVE = "remove"


def setup(context: Context, action: SetupAction, admins: Mapping[Server, SecretStr] | None = None) -> SetupReport:
    """The statements for both servers, applied unless they are only to be printed.

    Printing needs a login that can read the catalogs: the administrator's if its variable is set, else the
    configured one. Passwords are in none of the statements: printed, they are left out; applied, their verifiers go.

    :param admins: administrators' connection strings; by default those of :data:`ADMIN_VARIABLES`.
    :raises PreflightFailed: a content table is not there, or a role of ``[maintenance] roles``.
    :raises Refused: such a role is not the application's; :raises WrongState: writes are held, and it is to be removed.
    """
    servers = context.servers()
    shown = {}
    if action is SetupAction.REMOVE or context.settings.maintenance.roles:
        # Before anything is changed on the other server.
        with _door(context, servers, Server.PROD, action, admins) as door:
            _refuse_hold(context, servers, door, action)
    for server in (Server.DEV, Server.PROD):
        with _door(context, servers, server, action, admins) as door:
            statements = _statements(context, servers, door, server, action)
            shown[server] = tuple(door.vet(statement).shown for statement in statements)
            if action is not SetupAction.PRINT:
                with door.transaction():
                    for statement in statements:
                        door.execute(statement)
    return SetupReport(dev=shown[Server.DEV], prod=shown[Server.PROD], applied=action is not SetupAction.PRINT)


def _door(
    context: Context,
    servers: Servers,
    server: Server,
    action: SetupAction,
    admins: Mapping[Server, SecretStr] | None,
) -> Door:
    configured = servers.dev if server is Server.DEV else servers.prod
    try:
        secret = admins[server] if admins else admin_dsn(ADMIN_VARIABLES[server])
        dsn = parse_dsn(secret, name=f"{server}'s administrator")
    except ConfigurationError:
        if action is not SetupAction.PRINT:
            raise
        dsn = configured
    with connect(dsn, server, Policy.reading(), what="setup") as reader:
        place = _place(context, reader, server)
    policy = Policy.for_setup(
        content=(*place.content, *place.partitions),
        sequences=place.sequences,
        roles=_role_names(servers, server),
        database=place.database,
        schemas=place.schemas,
        # A member of an owner could do anything with its tables: only dev's operator has to be one, to publish them.
        owners=place.owners if server is Server.DEV else (),
        table_owners=place.owners if server is Server.PROD else (),
        own_schema=OWN_SCHEMA if server is Server.PROD else None,
        journal_owners=(servers.prod.user or "", dsn.user or "") if server is Server.PROD else (),
        held=place.held,
        keeper=MAINTENANCE_ROLE if place.held else None,
    )
    return connect(dsn, server, policy, what="setup", read_only=False)


def _place(context: Context, door: Door, server: Server) -> roles.Place:
    relations = read_relations(door, measured=False)
    content = context.settings.tables.all_content
    for name in content:
        if name not in relations:
            raise PreflightFailed(
                f"{server} has no table {name}", hint="Correct [tables] content.", code="unknown-table"
            )
    known = [one for one in relations.values() if one.name.schema not in OWN_SCHEMAS]
    owned = known if server is Server.PROD else [relations[name] for name in content]
    sequences: tuple[QualifiedName, ...] = ()
    if server is Server.PROD:
        oids = [relations[name].oid for name in content]
        sequences = tuple(one.name for one in read_owned_sequences(door, oids))
    return roles.Place(
        database=read_server_facts(door).database,
        schemas=tuple(sorted({one.name.schema for one in known})),
        owners=tuple(sorted({one.owner for one in owned})),
        content=content,
        sequences=sequences,
        publish=context.settings.window.publish,
        partitions=partitions_of(relations, content) if server is Server.PROD else (),
        has_walinspect=server is Server.PROD and may_have_walinspect(door),
        held=context.settings.maintenance.roles if server is Server.PROD else (),
    )


def _role_names(servers: Servers, server: Server) -> tuple[str, ...]:
    if server is Server.PROD:
        return (APPLY_ROLE, RESTORE_ROLE, MAINTENANCE_ROLE, _user(servers.prod, "prod"))
    return tuple(dict.fromkeys((_user(servers.dev, "dev"), _user(servers.stream, "dev, from production"))))


def _user(dsn: Dsn, name: str) -> str:
    if not dsn.user:
        raise ConfigurationError(
            f"the connection string for {name} names no user", hint="setup makes the role that it names: add user=…"
        )
    return dsn.user


def _statements(context: Context, servers: Servers, door: Door, server: Server, action: SetupAction) -> list[Composed]:
    names = _role_names(servers, server)
    existing = read_roles(door, names)
    if action is SetupAction.REMOVE:
        # The journal outlives the operator who kept it.
        tables = tables_there(door) if server is Server.PROD else ()
        return [*(owner_statements(door.role, tables) if tables else []), *roles.removal(names, existing)]
    place = _place(context, door, server)
    hidden = action is SetupAction.PRINT
    if server is Server.PROD:
        operator = _login(door, servers.prod, "prod", hidden)
        _refuse_superuser(existing, operator.name)
        return [
            *roles.content_roles(door, place, existing),
            *roles.production_operator(door, place, operator, existing),
            *create_statements(),
            *owner_statements(operator.name),
        ]
    operator = _login(door, servers.dev, "dev", hidden)
    _refuse_superuser(existing, operator.name)
    return roles.development_logins(place, operator, _login(door, servers.stream, "the stream", hidden), existing)


def _refuse_hold(context: Context, servers: Servers, door: Door, action: SetupAction) -> None:
    """See that the roles to be held are the application's, and that none is held whose releaser is about to go."""
    if action is not SetupAction.REMOVE:
        held = context.settings.maintenance.roles
        known = read_role_rights(door, held)
        for name in held:
            refuse_role(name, known.get(name), {_user(servers.prod, "prod")})
        return
    hold = read_hold(door)
    if hold is not None:
        raise WrongState(
            f"writes of {', '.join(hold.names)} are held, and the role that releases them would go",
            hint="`egrow-replica maintenance off` first.",
            code="already-held",
        )


def _refuse_superuser(existing: dict[str, Role], name: str) -> None:
    if name in existing and existing[name].superuser:
        raise PreflightFailed(
            f"{name} is a superuser, which needs no setup",
            hint="Name an ordinary role, such as egrow_operator, in the connection string: setup makes it.",
            code="superuser",
        )


def _login(door: Door, dsn: Dsn, name: str, hidden: bool) -> roles.Login:
    user = _user(dsn, name)
    password: SecretStr = dsn.password
    if hidden or not password.get_secret_value():
        return roles.Login(user, None)
    return roles.Login(user, door.verifier(user, password))
