"""The statements that make, and remove, the controller's roles with the least privileges that a window needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    MAINTENANCE_ROLE,
    RECONCILE_ROLE,
    RESTORE_PRIVILEGES,
    RESTORE_ROLE,
    Role,
    apply_privileges,
)
from egrow_replica.db import SQL, Capability, Composed, Door, Identifier, Literal, columns, relation
from egrow_replica.model import QualifiedName
from egrow_replica.settings import Operation

#: What the operator sets on production beside what everybody may: no trigger fires while it writes content, what it
#: writes is counted, and the stream's password stays out of the server's log.
PARAMETERS = (
    "session_replication_role",
    "track_counts",
    "log_statement",
    "log_min_error_statement",
    "log_min_duration_statement",
    "log_transaction_sample_rate",
    "track_activities",
)
ORIGIN_FUNCTIONS = (
    "pg_replication_origin_create(text)",
    "pg_replication_origin_drop(text)",
    "pg_replication_origin_oid(text)",
    "pg_replication_origin_session_setup(text)",
    "pg_replication_origin_session_is_setup()",
    "pg_show_replication_origin_status()",
)


@dataclass(frozen=True)
class Login:
    """A role that logs in, and the verifier of its password (never the password itself)."""

    name: str
    verifier: str | None


@dataclass(frozen=True)
class Place:
    """The database that the privileges are for.

    :ivar schemas: schemas that hold tables; ``owners``: the owners of those tables.
    :ivar held: the application's roles, whose writes the operator may hold.
    :ivar columns: the columns that travel, by content table.
    :ivar partitions: of the content tables: the worker is asked for its privileges on them, not only on the root.
    """

    database: str
    schemas: tuple[str, ...]
    owners: tuple[str, ...]
    content: tuple[QualifiedName, ...]
    sequences: tuple[QualifiedName, ...]
    publish: tuple[Operation, ...]
    columns: Mapping[QualifiedName, tuple[str, ...]] = field(default_factory=dict)
    partitions: tuple[QualifiedName, ...] = ()
    has_walinspect: bool = False
    held: tuple[str, ...] = ()


def content_roles(door: Door, place: Place, existing: dict[str, Role]) -> list[Composed]:
    """The apply, the restore and the reconcile role with their privileges on content."""
    statements = []
    if APPLY_ROLE not in existing:
        statements.append(SQL("CREATE ROLE {} LOGIN CONNECTION LIMIT 0").format(Identifier(APPLY_ROLE)))
    if RESTORE_ROLE not in existing:
        statements.append(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(RESTORE_ROLE)))
    if RECONCILE_ROLE not in existing:
        statements.append(SQL("CREATE ROLE {} NOLOGIN").format(Identifier(RECONCILE_ROLE)))
    all_roles = columns((APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE))
    statements += [
        SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(Identifier(place.database), all_roles),
        SQL("GRANT USAGE ON SCHEMA {} TO {}").format(columns(place.schemas), all_roles),
        _grant(apply_privileges(place.publish), (*place.content, *place.partitions), APPLY_ROLE),
        _grant(RESTORE_PRIVILEGES, place.content, RESTORE_ROLE),
        *_reconcile_privileges(place),
    ]
    if door.has(Capability.MAINTAIN):
        statements.append(_grant(("MAINTAIN",), place.content, APPLY_ROLE))
    if place.sequences:
        sequences = SQL(", ").join(relation(name) for name in place.sequences)
        statements.append(
            SQL("GRANT USAGE, SELECT, UPDATE ON SEQUENCE {} TO {}").format(
                sequences, columns((APPLY_ROLE, RECONCILE_ROLE))
            )
        )
    return statements


def _reconcile_privileges(place: Place) -> Iterator[Composed]:
    """SELECT on content, INSERT and UPDATE on exactly the columns that travel now."""
    role = Identifier(RECONCILE_ROLE)
    tables = SQL(", ").join(relation(table) for table in place.content)
    yield _grant(("SELECT",), place.content, RECONCILE_ROLE)
    # Also takes what was granted on columns, some of which may belong to production by now.
    yield SQL("REVOKE INSERT, UPDATE ON TABLE {} FROM {}").format(tables, role)
    for table, names in place.columns.items():
        listed = columns(names)
        yield SQL("GRANT INSERT ({}), UPDATE ({}) ON TABLE {} TO {}").format(listed, listed, relation(table), role)


def production_operator(door: Door, place: Place, operator: Login, existing: dict[str, Role]) -> list[Composed]:
    """The operator on production: reads everything, writes content only after taking on one of the content roles."""
    name = Identifier(operator.name)
    statements = [
        # REPLICATION only for the slot that keeps production's WAL for the evidence.
        _login(operator, existing, SQL("LOGIN REPLICATION")),
        *(_member(door, role, name) for role in (APPLY_ROLE, RESTORE_ROLE, RECONCILE_ROLE)),
        SQL("GRANT CONNECT, CREATE, TEMPORARY ON DATABASE {} TO {}").format(Identifier(place.database), name),
        SQL("GRANT pg_monitor TO {}").format(name),
    ]
    if door.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
        statements.append(SQL("GRANT pg_create_subscription TO {}").format(name))
    statements += _read_everything(place, name)
    statements += [
        # One by one: an administrator who is no superuser may be able to give some of them.
        *(SQL("GRANT SET ON PARAMETER {} TO {}").format(Identifier(one), name) for one in PARAMETERS),
        *(SQL("GRANT EXECUTE ON FUNCTION pg_catalog.{} TO {}").format(SQL(one), name) for one in ORIGIN_FUNCTIONS),
    ]
    return [*statements, *_wal_reader(place, name), *maintenance_role(door, place, name, existing)]


def maintenance_role(door: Door, place: Place, operator: Identifier, existing: dict[str, Role]) -> list[Composed]:
    """The role that holds the application's writes: power over their settings and sessions, not over what they may do.

    Nobody holds it by himself: the operator takes it on for one transaction. Before 16 CREATEROLE alone reaches every
    role, and ADMIN makes a member; there only a superuser opens windows anyway.
    """
    if not place.held or not door.has(Capability.MEMBERSHIP_OPTIONS):
        return []
    role = Identifier(MAINTENANCE_ROLE)
    verb = SQL("ALTER ROLE" if MAINTENANCE_ROLE in existing else "CREATE ROLE")
    return [
        SQL("{} {} NOLOGIN CREATEROLE").format(verb, role),
        SQL("GRANT pg_signal_backend, pg_monitor TO {}").format(role),
        *(
            SQL("GRANT {} TO {} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE").format(Identifier(name), role)
            for name in place.held
        ),
        _member(door, MAINTENANCE_ROLE, operator),
    ]


def _wal_reader(place: Place, operator: Identifier) -> list[Composed]:
    """The extension that reads WAL, in a schema of its own, where the server has it."""
    if not place.has_walinspect:
        return []
    return [
        SQL("CREATE SCHEMA IF NOT EXISTS egrow_ext").format(),
        SQL("CREATE EXTENSION IF NOT EXISTS pg_walinspect SCHEMA egrow_ext").format(),
        SQL("GRANT USAGE ON SCHEMA egrow_ext TO {}").format(operator),
        SQL("GRANT EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn) TO {}").format(operator),
    ]


def development_logins(place: Place, operator: Login, stream: Login, existing: dict[str, Role]) -> list[Composed]:
    """Dev's operator, a member of the content tables' owners, and the login of the production server."""
    name = Identifier(operator.name)
    statements = [
        _login(operator, existing, SQL("LOGIN REPLICATION")),
        SQL("GRANT CONNECT, CREATE ON DATABASE {} TO {}").format(Identifier(place.database), name),
        SQL("GRANT USAGE ON SCHEMA {} TO {}").format(columns(place.schemas), name),
        SQL("GRANT pg_monitor TO {}").format(name),
        # Only to mark the window's slot, so that one that is made anew under its name is known.
        SQL("GRANT EXECUTE ON FUNCTION pg_catalog.pg_stat_reset_replication_slot(text) TO {}").format(name),
        *(SQL("GRANT {} TO {}").format(Identifier(owner), name) for owner in place.owners),
    ]
    if stream.name != operator.name:
        statements += [
            _login(stream, existing, SQL("LOGIN REPLICATION")),
            SQL("GRANT CONNECT ON DATABASE {} TO {}").format(Identifier(place.database), Identifier(stream.name)),
        ]
    return statements


def _login(login: Login, existing: dict[str, Role], attributes: SQL) -> Composed:
    verb = SQL("ALTER ROLE" if login.name in existing else "CREATE ROLE")
    statement = SQL("{} {} {}").format(verb, Identifier(login.name), attributes)
    if login.verifier is None:
        return statement
    return SQL("{} PASSWORD {}").format(statement, Literal(login.verifier))


def _member(door: Door, role: str, member: Identifier) -> Composed:
    # Without INHERIT the operator holds no write privilege until it takes the role on.
    options = SQL(" WITH INHERIT FALSE, SET TRUE" if door.has(Capability.MEMBERSHIP_OPTIONS) else "")
    return SQL("GRANT {} TO {}{}").format(Identifier(role), member, options)


def _grant(privileges: Iterable[str], tables: Iterable[QualifiedName], role: str) -> Composed:
    return SQL("GRANT {} ON TABLE {} TO {}").format(
        SQL(", ".join(privileges)), SQL(", ").join(relation(table) for table in tables), Identifier(role)
    )


def _read_everything(place: Place, operator: Identifier) -> list[Composed]:
    schemas = columns(place.schemas)
    statements = [
        SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schemas, operator),
        SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {} TO {}").format(schemas, operator),
        SQL("GRANT SELECT ON ALL SEQUENCES IN SCHEMA {} TO {}").format(schemas, operator),
    ]
    for owner in place.owners:
        for kind in ("TABLES", "SEQUENCES"):
            statements.append(
                SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA {} GRANT SELECT ON {} TO {}").format(
                    Identifier(owner), schemas, SQL(kind), operator
                )
            )
    return statements
