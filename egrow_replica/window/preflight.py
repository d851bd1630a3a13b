"""May a window be opened? Every reason why not, found by reading only."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from egrow_replica.backup import find_tools
from egrow_replica.backup import preflight as check_backup_directory
from egrow_replica.catalog import (
    ForeignKey,
    Relation,
    Scope,
    ServerFacts,
    Table,
    content_table,
    read_foreign_keys,
    read_owned_sequences,
    read_relations,
    read_server_facts,
    read_tables,
)
from egrow_replica.db import Capability, Door
from egrow_replica.errors import EgrowError, PreflightFailed, Refused
from egrow_replica.evidence import require_true, run_probes, touching
from egrow_replica.model import Check, QualifiedName, Severity, Side
from egrow_replica.settings import Settings
from egrow_replica.window.checks_access import access_checks
from egrow_replica.window.checks_tables import firing_trigger_checks, table_checks
from egrow_replica.window.journal import Window


@dataclass(frozen=True)
class Findings:
    """What the preflight saw.

    :ivar scope: the content as it can travel; complete only if no check is an error.
    :ivar makes_roles: the content roles are missing and our login can make them.
    """

    checks: tuple[Check, ...]
    scope: Scope
    dev: ServerFacts
    prod: ServerFacts
    makes_roles: bool

    def refuse(self) -> None:
        """Raise where a finding keeps the window closed.

        :raises Refused: a user table could be reached; :raises PreflightFailed: anything else.
        """
        refuse(self.checks)


def refuse(checks: Iterable[Check]) -> None:
    """Raise where a finding is an error, the one that could reach a user's table first.

    :raises Refused: a user table could be reached; :raises PreflightFailed: anything else.
    """
    errors = [check for check in checks if check.severity is Severity.ERROR]
    if not errors:
        return
    first = next((check for check in errors if check.refused), errors[0])
    more = [f"{check.subject}: {check.message}" for check in errors if check is not first]
    message = f"{first.subject}: {first.message}" + "".join(f"\nalso: {one}" for one in more)
    if first.refused:
        raise Refused(first.id, message, hint=first.remedy)
    raise PreflightFailed(message, hint=first.remedy, code=first.id)


@dataclass(frozen=True)
class Catalogs:
    """Both catalogs, as far as content goes."""

    dev: dict[QualifiedName, Relation]
    prod: dict[QualifiedName, Relation]
    dev_tables: dict[QualifiedName, Table]
    prod_tables: dict[QualifiedName, Table]
    foreign_keys: list[ForeignKey]


def read_scope(dev: Door, prod: Door, settings: Settings) -> Scope:
    """The content of both servers, for a command that only reads it.

    :raises Refused: something that is no table; :raises PreflightFailed: a table, a key or a column is missing.
    """
    refuse(_identity_checks(read_server_facts(dev), read_server_facts(prod), ()))
    catalogs = _read_catalogs(dev, prod, settings)
    refuse([*_name_checks(settings, catalogs), *table_checks(settings, catalogs.dev_tables, catalogs.prod_tables)])
    return build_scope(prod, settings, catalogs)


def run_preflight(
    dev: Door, prod: Door, settings: Settings, windows: Iterable[Window], *, whole_backup: bool
) -> Findings:
    """Look at everything that the window stands on.

    :raises ServerUnavailable: a server went away.
    """
    dev_facts, prod_facts = read_server_facts(dev), read_server_facts(prod)
    checks = [*_identity_checks(dev_facts, prod_facts, windows)]
    if checks:  # Nothing else makes sense on the wrong server.
        return Findings(tuple(checks), Scope(tables=(), sequences=(), foreign_keys=()), dev_facts, prod_facts, False)
    catalogs = _read_catalogs(dev, prod, settings)
    scope = build_scope(prod, settings, catalogs)
    access, makes_roles = access_checks(
        dev, prod, scope, catalogs.prod, catalogs.dev, prod_facts, dev_facts, settings.window.publish
    )
    checks += [
        *_server_checks(dev_facts, prod_facts),
        *_name_checks(settings, catalogs),
        *table_checks(settings, catalogs.dev_tables, catalogs.prod_tables),
        *firing_trigger_checks(prod, scope),
        *access,
        *_promise_checks(prod, settings, prod_facts, whole_backup),
    ]
    return Findings(tuple(checks), scope, dev_facts, prod_facts, makes_roles)


def build_scope(prod: Door, settings: Settings, catalogs: Catalogs) -> Scope:
    """The content as it travels: what both sides have, with a key."""
    own = settings.tables.all_production_columns
    tables = []
    for name in settings.tables.all_content:
        dev_table, prod_table = catalogs.dev_tables.get(name), catalogs.prod_tables.get(name)
        if dev_table is None or prod_table is None:
            continue
        table = content_table(dev_table, prod_table, own.get(name, ()), settings.tables.filters.get(name))
        if table is not None:
            tables.append(table)
    names = [table.name for table in tables]
    return Scope(
        tables=tuple(tables),
        sequences=tuple(read_owned_sequences(prod, [table.oid for table in tables])),
        foreign_keys=touching(catalogs.foreign_keys, names),
    )


def _read_catalogs(dev: Door, prod: Door, settings: Settings) -> Catalogs:
    dev_relations, prod_relations = read_relations(dev), read_relations(prod)
    wanted = settings.tables.all_content
    return Catalogs(
        dev=dev_relations,
        prod=prod_relations,
        dev_tables=read_tables(dev, [dev_relations[name] for name in wanted if name in dev_relations]),
        prod_tables=read_tables(prod, [prod_relations[name] for name in wanted if name in prod_relations]),
        foreign_keys=read_foreign_keys(prod),
    )


def _identity_checks(dev: ServerFacts, prod: ServerFacts, windows: Iterable[Window]) -> Iterator[Check]:
    if dev.identity == prod.identity:
        yield _error("same-database", Side.BOTH, dev.database, "dev and production are the same database", _ADDRESSES)
        return
    for window in windows:
        if window.dev_identity == prod.identity:
            yield _error(
                "swapped",
                Side.BOTH,
                prod.database,
                f"dev and production are swapped: in window {window.name} this production was dev",
                _ADDRESSES,
            )
            return


_ADDRESSES = "Look at [dev] and [prod] in the configuration, and at the variables that they name."


def _server_checks(dev: ServerFacts, prod: ServerFacts) -> Iterator[Check]:
    if dev.wal_level != "logical":
        yield _error(
            "wal-level",
            Side.DEV,
            "wal_level",
            f"dev has wal_level = {dev.wal_level}; logical is needed",
            "ALTER SYSTEM SET wal_level = logical; then restart dev.",
        )
    for side, facts in ((Side.DEV, dev), (Side.PROD, prod)):
        if facts.in_recovery:
            yield _error("in-recovery", side, facts.database, "this is a standby", f"Name the primary in [{side}].")
    libraries = dev.output_plugin_libraries
    if libraries is not None and "pgoutput" not in {name.strip(' "') for name in libraries.split(",")}:
        yield _error(
            "output-plugin",
            Side.DEV,
            "output_plugin_libraries",
            f"dev allows only the output plugins {libraries}",
            "Add pgoutput to output_plugin_libraries on dev.",
        )
    for count, side, setting in (
        (dev.free_slots, Side.DEV, "max_replication_slots"),
        (dev.free_senders, Side.DEV, "max_wal_senders"),
        (prod.free_workers, Side.PROD, "max_logical_replication_workers"),
        # One for the stream, one for what the controller writes itself.
        (prod.free_origins - 1, Side.PROD, prod.origins_setting),
    ):
        if count < 1:
            yield _error("budget", side, setting, "no place is left", f"Raise {setting}; then restart the server.")
    if not prod.tracks_commits:
        yield Check(
            id="commit-timestamps",
            severity=Severity.WARNING,
            server=Side.PROD,
            subject="track_commit_timestamp",
            message="it is off, so nothing tells who wrote a user's row: a table that changes stays unproven",
            remedy="ALTER SYSTEM SET track_commit_timestamp = on; then restart production.",
        )


def _name_checks(settings: Settings, catalogs: Catalogs) -> Iterator[Check]:
    for name in settings.tables.all_content:
        missing = [side for side, known in ((Side.DEV, catalogs.dev), (Side.PROD, catalogs.prod)) if name not in known]
        for side in missing:
            known = catalogs.dev if side is Side.DEV else catalogs.prod
            yield _error("unknown-table", side, str(name), "there is no such table", _nearest(name, known))
    for name in settings.tables.all_user:
        if name not in catalogs.dev and name not in catalogs.prod:
            yield Check(
                id="unknown-user-table",
                severity=Severity.WARNING,
                server=Side.BOTH,
                subject=str(name),
                message="it is listed as a user table, and neither server has it",
                remedy=_nearest(name, catalogs.prod),
            )


def _nearest(name: QualifiedName, known: Iterable[QualifiedName]) -> str:
    near = difflib.get_close_matches(str(name), [str(one) for one in known], n=1, cutoff=0.5)
    return f"The nearest existing name is {near[0]}." if near else "No name there is like it."


def _promise_checks(prod: Door, settings: Settings, facts: ServerFacts, whole_backup: bool) -> Iterator[Check]:
    def attempt(subject: str, look: Callable[[], object]) -> Iterator[Check]:
        try:
            look()
        except EgrowError as error:
            refused = isinstance(error, Refused)
            slug, message = (error.rule, error.reason) if isinstance(error, Refused) else (error.code, error.message)
            yield _error(slug, Side.PROD, subject, message, error.hint).model_copy(update={"refused": refused})

    yield from attempt("probes", lambda: require_true(run_probes(prod, settings.validation.probes)))
    yield from attempt("backup", lambda: check_backup_directory(settings.backup.directory, 0))
    if whole_backup:
        yield from attempt("pg_dump", lambda: find_tools(prod.version, settings.backup.bin_dir))
    if not prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER):
        yield Check(
            id="second-wall",
            severity=Severity.ERROR if not facts.superuser else Severity.WARNING,
            server=Side.PROD,
            subject=f"PostgreSQL {facts.server_version}",
            message=Capability.ORDINARY_SUBSCRIPTION_OWNER.without,
            remedy="Open the window with a superuser's connection string, or upgrade production.",
        )


def _error(slug: str, side: Side, subject: str, message: str, remedy: str) -> Check:
    return Check(id=slug, severity=Severity.ERROR, server=side, subject=subject, message=message, remedy=remedy)
