"""The roles and privileges of both servers: printed, applied, or removed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum

from pydantic import SecretStr

from egrow_replica.app.administrators import Login, administrator, administrator_or
from egrow_replica.app.context import Context
from egrow_replica.app.setup_checks import (
    Agree,
    is_anothers,
    keeps_password,
    kept_roles,
    memberships,
    never,
    passwords_in_use,
    refuse_memberships,
    refuse_removal,
    refuse_superuser,
    refuse_windows,
    refuse_windows_own_roles,
    second_wall,
)
from egrow_replica.app.setup_left import LEFT, left_checks, try_each
from egrow_replica.catalog import (
    OWN_SCHEMA,
    Table,
    content_table,
    read_owned_sequences,
    read_relations,
    read_server_facts,
    read_tables,
)
from egrow_replica.catalog.role_uses import read_role_grants
from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    MAINTENANCE_ROLE,
    RECONCILE_ROLE,
    RESTORE_ROLE,
    Role,
    may_have_walinspect,
    read_roles,
)
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.db import Capability, Composed, Door, Dsn
from egrow_replica.errors import ConfigurationError, EgrowError, PreflightFailed, StatementFailed
from egrow_replica.guard import Policy
from egrow_replica.model import Check, QualifiedName, Server, Severity
from egrow_replica.replication import lock, roles
from egrow_replica.replication.role_removal import RACES, TRIES, plan_removal
from egrow_replica.results import SetupReport
from egrow_replica.window.belonging import Journalled, read_objects
from egrow_replica.window.hold import read_role_rights, refuse_role
from egrow_replica.window.journal import create_statements, owner_statements, read_windows, tables_there
from egrow_replica.window.servers import Servers


class SetupAction(StrEnum):
    """What to do with the statements."""

    PRINT = "print"
    APPLY = "apply"
    REMOVE = "remove"


@dataclass
class Site:
    """One of the servers: where it is, who logs in there, and what is to be done.

    :ivar door: an administrator's, for setup.
    :ivar logins: the roles that log in there, with their connection strings; the operator is the first. None on a
        production of 15 that is a superuser's, the only one that opens windows there: its windows make their roles.
    :ivar keeps: of those the ones whose password others use.
    :ivar left: statements that this administrator may not run, and why, for whoever may.
    :ivar cluster: identifies it; dev and production may be two databases of one.
    """

    server: Server
    door: Door
    place: roles.Place
    logins: dict[str, Dsn]
    cluster: str
    keeps: set[str] = field(default_factory=set)
    shown: tuple[str, ...] = ()
    left: dict[str, str] = field(default_factory=dict)

    @property
    def operator(self) -> str:
        """Who opens windows, where setup makes him."""
        return next(iter(self.logins), "")

    @property
    def names(self) -> tuple[str, ...]:
        """The controller's roles there."""
        own = (APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE, MAINTENANCE_ROLE) if self.server is Server.PROD else ()
        return (*own, *self.logins)


def setup(
    context: Context,
    action: SetupAction,
    admins: Mapping[Server, SecretStr] | None = None,
    agree: Agree = never,
) -> SetupReport:
    """The statements for both servers, applied unless they are only to be printed.

    Printing needs a login that can read the catalogs: the administrator's if its variable is set, else the
    configured one. Passwords are in none of the statements: printed, they are left out; applied, their verifiers go.

    Nothing is changed before both servers have been looked at and have taken every statement once in a transaction
    that is rolled back. If the second fails all the same, the error says what the first was changed by.

    :param admins: administrators' connection strings; by default those of their variables.
    :param agree: asked whether an operator may become a superuser in effect.
    :raises PreflightFailed: a content table is not there, or a role of ``[maintenance] roles``; the operator would
        become a superuser; a password is in use; a role that would be removed owns something.
    :raises Refused: such a role is not the application's; :raises WrongState: a window, a restore or a hold is there.
    """
    with ExitStack() as stack:
        servers = context.servers()
        if action is SetupAction.REMOVE:
            stack.enter_context(_lock(servers, admins))
        dev, prod = (stack.enter_context(_site(context, servers, one, action, admins)) for one in Server)
        if action is not SetupAction.REMOVE:
            prod.place = replace(prod.place, columns=_travelling(context, dev, prod))
        if action is SetupAction.REMOVE:
            checks = _look_before_removal(dev, prod)
        else:
            checks = _look(context, dev, prod, action, agree)
        if action is SetupAction.PRINT:
            # Production's stand first on the terminal: what they make is there when dev's are run.
            made = prod.names if dev.cluster == prod.cluster else ()
            prod.shown = tuple(prod.door.vet(one).shown for one in _statements(prod, action))
            dev.shown = tuple(dev.door.vet(one).shown for one in _statements(dev, action, made))
            return _report(dev, prod, action, checks)
        for site in (dev, prod):
            _rehearse(site, action)
        if action is SetupAction.APPLY:
            checks += _left(dev, prod, removing=False)
        _carry_out(context, dev, prod, action, checks)
        if action is SetupAction.REMOVE:
            checks = [
                check
                for site in (dev, prod)
                for check in kept_roles(site.door, site.place.database, site.names, read_roles(site.door, site.names))
            ]
            checks += _left(dev, prod, removing=True)
        report = _report(dev, prod, action, checks, changed=(Server.DEV, Server.PROD))
        _refuse_incomplete(report)
        return report


def _left(dev: Site, prod: Site, *, removing: bool) -> list[Check]:
    return [check for site in (dev, prod) for check in left_checks(site.server, site.left, removing=removing)]


def _refuse_incomplete(report: SetupReport) -> None:
    """See that nothing is left without which no window opens, or which a removal should have taken away.

    :raises PreflightFailed: it is, with what was done.
    """
    lacking = {one.subject for one in report.checks if one.id in LEFT and one.severity is Severity.ERROR}
    if lacking:
        error = PreflightFailed(
            f"the administrator may not give, or take away, everything: {', '.join(sorted(lacking))}",
            hint="Let somebody who may run the statements that are left (`left_dev`, `left_prod`); "
            "docs/managed-servers.md says what providers allow.",
            code="incomplete-setup",
        )
        error.report = report
        raise error


def _report(
    dev: Site, prod: Site, action: SetupAction, checks: list[Check], *, changed: tuple[Server, ...] = ()
) -> SetupReport:
    return SetupReport(
        dev=dev.shown,
        prod=prod.shown,
        applied=action is not SetupAction.PRINT,
        checks=tuple(checks),
        changed=changed,
        left_dev=tuple(dev.left),
        left_prod=tuple(prod.left),
    )


# ------------------------------------------------------------------------------------------------- both servers, first


def _look(context: Context, dev: Site, prod: Site, action: SetupAction, agree: Agree) -> list[Check]:
    """See that all of it may be given, and what a person should know of it."""
    held = context.settings.maintenance.roles
    known = read_role_rights(prod.door, held) if held else {}
    for one in held:
        refuse_role(one, known.get(one), {prod.operator})
    for site in (dev, prod):
        refuse_superuser(read_roles(site.door, site.names), site.operator)
    checks = [*memberships(dev.door, dev.place.owners, dev.operator), *second_wall(prod.door, prod.operator)]
    if action is SetupAction.PRINT:
        for site in (dev, prod):
            existing = read_roles(site.door, site.logins)
            checks += passwords_in_use(site.door, site.place.database, existing)
        return checks
    refuse_windows_own_roles(prod.door)
    checks += _passwords(dev, prod)
    refuse_memberships(checks, agree)
    return checks


def _passwords(dev: Site, prod: Site) -> Iterator[Check]:
    """See that no login's password is changed under somebody who uses it.

    :raises PreflightFailed: it would be; or one role of one cluster would get two.
    """
    if dev.cluster == prod.cluster:
        for name in dev.logins.keys() & prod.logins.keys():
            if dev.logins[name].password != prod.logins[name].password:
                raise PreflightFailed(
                    f"dev and production are databases of one cluster, and the connection strings give {name} two "
                    "passwords there",
                    hint="Give it one, or name two roles.",
                    code="password-in-use",
                )
    journalled = Journalled.of(prod.door, read_windows(prod.door))
    for site in (dev, prod):
        shared = site is dev and any(is_anothers(journalled.belonging(one)) for one in read_objects(dev.door))
        existing = read_roles(site.door, site.names)
        for name, dsn in site.logins.items():
            keeps, checks = keeps_password(site.door, site.place.database, existing, name, dsn.password, shared=shared)
            if keeps:
                site.keeps.add(name)
            yield from checks


def _look_before_removal(dev: Site, prod: Site) -> list[Check]:
    refuse_windows(dev.door, prod.door)
    for site in (dev, prod):
        refuse_removal(site.door, site.place.database, site.names, read_roles(site.door, site.names))
    return []


@contextmanager
def _lock(servers: Servers, admins: Mapping[Server, SecretStr] | None) -> Iterator[None]:
    """Keep other controllers away from production; :raises WrongState: one is at work."""
    login = _login_of(servers, Server.PROD, SetupAction.REMOVE, admins)
    with login.open(Policy.for_window(content=()), what="setup/lock", waits=servers.waits) as door:
        lock.take(door)
        yield


# ------------------------------------------------------------------------------------------------------------ a server


@contextmanager
def _site(
    context: Context,
    servers: Servers,
    server: Server,
    action: SetupAction,
    admins: Mapping[Server, SecretStr] | None,
) -> Iterator[Site]:
    login = _login_of(servers, server, action, admins)
    logins = _logins(servers, server)
    with login.open(Policy.reading(), what="setup", waits=servers.waits) as reader:
        place = _place(context, reader, server, action)
        facts = read_server_facts(reader)
        if server is Server.PROD and not reader.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
            found = read_roles(reader, logins)
            logins = {name: dsn for name, dsn in logins.items() if not (name in found and found[name].superuser)}
        own = (APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE, MAINTENANCE_ROLE) if server is Server.PROD else ()
        granting = {one.owner for one in read_role_grants(reader, [*own, *logins]) if one.owner}
    policy = Policy.for_setup(
        content=(*place.content, *place.partitions),
        sequences=place.sequences,
        roles=(*own, *logins),
        database=place.database,
        schemas=place.schemas,
        # A member of an owner could do anything with its tables: only dev's operator has to be one, to publish them.
        owners=place.owners if server is Server.DEV else (),
        table_owners={*place.owners, *granting} if server is Server.PROD else granting,
        own_schema=OWN_SCHEMA if server is Server.PROD else None,
        journal_owners=(servers.prod.user or "", login.dsn.user or "") if server is Server.PROD else (),
        held=place.held,
        keeper=MAINTENANCE_ROLE if place.held else None,
    )
    with login.open(policy, what="setup", read_only=False, waits=servers.waits) as door:
        yield Site(server, door, place, logins, facts.system_identifier)


def _login_of(
    servers: Servers, server: Server, action: SetupAction, admins: Mapping[Server, SecretStr] | None
) -> Login:
    configured = servers.dev if server is Server.DEV else servers.prod
    if action is SetupAction.PRINT and not admins:
        return administrator_or(server, configured)
    return administrator(server, configured, admins[server] if admins else None)


def _place(context: Context, door: Door, server: Server, action: SetupAction) -> roles.Place:
    relations = read_relations(door, measured=False)
    content = context.settings.tables.all_content
    for name in content:
        if name not in relations and action is not SetupAction.REMOVE:
            raise PreflightFailed(
                f"{server} has no table {name}", hint="Correct [tables] content.", code="unknown-table"
            )
    content = tuple(name for name in content if name in relations)
    known = [one for one in relations.values() if one.name.schema != OWN_SCHEMA]
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


def _travelling(context: Context, dev: Site, prod: Site) -> dict[QualifiedName, tuple[str, ...]]:
    """The columns that travel, by content table; none of a table that has no key on dev."""
    names, own = prod.place.content, context.settings.tables.all_production_columns
    there, here = (_tables(site.door, names) for site in (dev, prod))
    tables = (content_table(there[name], here[name], own.get(name, ()), None) for name in names)
    return {table.name: table.column_names for table in tables if table is not None}


def _tables(door: Door, names: Iterable[QualifiedName]) -> dict[QualifiedName, Table]:
    relations = read_relations(door, measured=False)
    return read_tables(door, [relations[name] for name in names])


def _logins(servers: Servers, server: Server) -> dict[str, Dsn]:
    if server is Server.PROD:
        return {_user(servers.prod, "prod"): servers.prod}
    operator, stream = _user(servers.dev, "dev"), _user(servers.stream, "dev, from production")
    # Where both are one role the operator's connection string counts.
    return {operator: servers.dev} | ({stream: servers.stream} if stream != operator else {})


def _user(dsn: Dsn, name: str) -> str:
    if not dsn.user:
        raise ConfigurationError(
            f"the connection string for {name} names no user", hint="setup makes the role that it names: add user=…"
        )
    return dsn.user


# ---------------------------------------------------------------------------------------------------------- statements


def _statements(site: Site, action: SetupAction, made: Iterable[str] = ()) -> list[Composed]:
    """What is left to do on a server; ``made``: roles that will be there by then."""
    door, place = site.door, site.place
    if action is SetupAction.REMOVE:
        # The journal outlives the operator who kept it.
        journal = tables_there(door) if site.server is Server.PROD else ()
        removal = plan_removal(door, site.names, place.database, journal)
        owner = owner_statements(door.role, journal) if journal and removal.statements else []
        return [*owner, *removal.statements]
    if not site.logins:
        return []
    existing = {**{name: _ordinary(name) for name in made}, **read_roles(door, site.names)}
    hidden = action is SetupAction.PRINT
    operator = _login(site, site.operator, hidden)
    if site.server is Server.PROD:
        return [
            *roles.content_roles(door, place, existing),
            *roles.production_operator(door, place, operator, existing),
            *create_statements(),
            *owner_statements(operator.name),
        ]
    return roles.development_logins(place, operator, _login(site, list(site.logins)[-1], hidden), existing)


def _ordinary(name: str) -> Role:
    return Role(name=name, superuser=False, may_login=True, may_replicate=True, connection_limit=-1)


def _login(site: Site, name: str, hidden: bool) -> roles.Login:
    password = site.logins[name].password
    if hidden or name in site.keeps or not password.get_secret_value():
        return roles.Login(name, None)
    return roles.Login(name, site.door.verifier(name, password))


# ------------------------------------------------------------------------------------------------------- carrying out


#: Without them nothing else can be given.
_ROLES = ("CREATE ROLE", "ALTER ROLE")


def _rehearse(site: Site, action: SetupAction) -> None:
    """Run the statements and take them back, so that what a server refuses is known before either is changed.

    What this administrator may not do is left for somebody who may.

    :raises PreflightFailed: he may not even make the roles.
    """
    with site.door.transaction(commit=False):
        _give_himself(site)
        for statement, reason in try_each(site.door, _statements(site, action)):
            shown = site.door.vet(statement).shown
            if action is SetupAction.APPLY and shown.startswith(_ROLES):
                raise PreflightFailed(
                    f"{site.door.role} may not do this on {site.server}: {shown}: {reason}",
                    hint="Give the connection string of an administrator with CREATEROLE and, to give it, REPLICATION.",
                    code="privilege",
                )
            site.left[shown] = reason


def _give_himself(site: Site) -> None:
    """Let an administrator who is no superuser give, and be rid of, what the roles own that he makes."""
    if site.door.has(Capability.MEMBERSHIP_OPTIONS):
        site.door.execute("SET LOCAL createrole_self_grant = 'set, inherit'")


def _carry_out(context: Context, dev: Site, prod: Site, action: SetupAction, checks: list[Check]) -> None:
    """Change one server after the other; each in one transaction.

    :raises EgrowError: with what was changed by then.
    """
    _apply(dev, action)
    try:
        _apply(prod, action)
    except BaseException as error:
        again = f"`egrow-replica setup --{action}`"
        done = f"dev was changed already, by the {len(dev.shown)} statements that the answer lists"
        if isinstance(error, EgrowError):
            error.message += f"; production was not changed, but {done}"
            error.hint = f"{error.hint} See to the cause, then run {again} again: it goes on from there.".strip()
            error.report = _report(dev, prod, action, checks, changed=(Server.DEV,))
        else:
            context.listener.say(f"warning: {done}, and production was not: {again} goes on from there")
        raise


def _apply(site: Site, action: SetupAction) -> None:
    """Run the statements; in a removal look again what is left, as another database may let go of a role meanwhile."""
    shown: list[str] = []
    for attempt in range(TRIES):
        try:
            statements = [one for one in _statements(site, action) if site.door.vet(one).shown not in site.left]
            if not statements:
                break
            with site.door.transaction():
                _give_himself(site)
                for statement in statements:
                    site.door.execute(statement)
            shown += [site.door.vet(statement).shown for statement in statements]
            if action is not SetupAction.REMOVE:
                break
        except StatementFailed as error:
            if error.sqlstate not in RACES or attempt == TRIES - 1:
                raise
    site.shown = tuple(shown)
