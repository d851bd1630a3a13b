"""May a window be opened? Everything that can be known beforehand, also where a server does not answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from egrow_replica.app.context import Context
from egrow_replica.catalog.roles import APPLY_ROLE
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.db import Capability, Door
from egrow_replica.errors import EgrowError, Refused, ServerUnavailable
from egrow_replica.model import Check, Server, Severity
from egrow_replica.results import DoctorReport
from egrow_replica.window import checks as all_checks
from egrow_replica.window.checks import Inspection, View
from egrow_replica.window.checks.base import SIDES
from egrow_replica.window.journal import Window, read_windows
from egrow_replica.window.preflight import failure_of
from egrow_replica.window.rehearsal import is_in_the_way
from egrow_replica.window.rehearsal import rehearse as play


def doctor(context: Context, *, rehearse: bool = False) -> DoctorReport:
    """Run every check; nothing is changed.

    :param rehearse: also play on production what the stream may do, and take it back: that holds rows for a moment and
        moves sequences.
    :raises EgrowError: what :func:`enable` would end with, with the report.
    """
    checks = list(_examine(context))
    if rehearse:
        checks += _rehearse(context, checks)
    report = DoctorReport(checks=tuple(checks))
    failure = failure_of(report.checks)
    if failure is not None:
        errors = sum(1 for check in report.checks if check.severity is Severity.ERROR)
        failure.message = f"{errors} findings keep a window closed; {failure.message.splitlines()[0]}"
        failure.report = report
        raise failure
    return report


def _examine(context: Context) -> Iterator[Check]:
    with ExitStack() as stack:
        doors: dict[Server, Door] = {}
        for server in Server:
            found = _reach(context, server)
            if isinstance(found, Door):
                doors[server] = stack.enter_context(found)
                yield _connection(
                    server, Severity.OK, doors[server].role, "it answers, and no pooler stands in between"
                )
            else:
                yield found
        windows, problem = _windows(doors.get(Server.PROD))
        yield from problem
        view = View(doors, context.settings, windows)
        stack.enter_context(view.briefly())
        first = list(_inspect(view, all_checks.FIRST))
        yield from first
        chosen: Iterable[Inspection] = all_checks.ALL
        if any(check.severity is Severity.ERROR for check in first):  # comparing the wrong servers says nothing
            chosen = [one for one in chosen if len(one.needs) == 1]
        yield from _inspect(view, chosen)


def _rehearse(context: Context, found: Iterable[Check]) -> list[Check]:
    if any(check.severity is Severity.ERROR for check in found):
        return [_rehearsal(Severity.INFO, "nothing was played, because of what else was found")]
    servers = context.servers()
    try:
        with servers.read_dev("rehearse") as dev, servers.read_prod("rehearse") as prod:
            view = View({Server.DEV: dev, Server.PROD: prod}, context.settings)
            if prod.has(Capability.ORDINARY_SUBSCRIPTION_OWNER) and all_checks.makes_roles(view):
                return [_rehearsal(Severity.INFO, f"there is no {APPLY_ROLE} yet: `enable` makes it and rehearses")]
            scope, partitions = view.scope, partitions_of(view.relations(Server.PROD), view.content)
        with servers.rehearse_prod(scope, partitions, None) as door:
            rehearsal = play(door, scope, context.settings.window.publish)
    except ServerUnavailable as error:
        return [_connection(Server.PROD, Severity.ERROR, "rehearsal", error.message, error.hint)]
    except EgrowError as error:
        severity = Severity.WARNING if is_in_the_way(error) else Severity.ERROR
        check = _rehearsal(severity, f"this could not be played: {error.message}", error.hint)
        return [check.model_copy(update={"refused": isinstance(error, Refused)})]
    return [*rehearsal.checks, _rehearsal(Severity.INFO if rehearsal.checks else Severity.OK, rehearsal.summary)]


def _rehearsal(severity: Severity, message: str, remedy: str = "") -> Check:
    return Check(
        id="rehearsal", severity=severity, server=SIDES[Server.PROD], subject="stream", message=message, remedy=remedy
    )


def _reach(context: Context, server: Server) -> Door | Check:
    servers = context.servers()
    dsn = servers.dev if server is Server.DEV else servers.prod
    try:
        return servers.read_dev("doctor") if server is Server.DEV else servers.read_prod("doctor")
    except ServerUnavailable as error:
        return _connection(server, Severity.ERROR, dsn.shown, error.message, error.hint)
    except EgrowError as error:  # a pooler, or a version that is not known
        failed = _connection(server, Severity.ERROR, dsn.shown, error.message, error.hint)
        return failed.model_copy(update={"id": "server"})


def _windows(prod: Door | None) -> tuple[list[Window], list[Check]]:
    if prod is None:
        return [], []
    try:
        return read_windows(prod), []
    except ServerUnavailable as error:
        return [], [_connection(Server.PROD, Severity.ERROR, prod.role, error.message, error.hint)]
    except EgrowError as error:
        failed = _connection(Server.PROD, Severity.ERROR, "journal", error.message, error.hint)
        return [], [failed.model_copy(update={"id": "journal"})]


def _inspect(view: View, chosen: Iterable[Inspection]) -> Iterator[Check]:
    """Run checks one after the other; a server that goes away is left out from there on."""
    for one in chosen:
        try:
            yield from one.run(view)
        except ServerUnavailable as error:
            for server in _gone(view):
                del view.doors[server]
                yield _connection(server, Severity.ERROR, one.subject, error.message, error.hint)


def _gone(view: View) -> list[Server]:
    return [server for server, door in view.doors.items() if not _answers(door)]


def _answers(door: Door) -> bool:
    try:
        door.value("SELECT 1")
    except EgrowError:
        return False
    return True


def _connection(server: Server, severity: Severity, subject: str, message: str, remedy: str = "") -> Check:
    return Check(
        id="connection", severity=severity, server=SIDES[server], subject=subject, message=message, remedy=remedy
    )
