"""Checks of holding writes: the roles are the application's, and ours may hold them."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.roles import MAINTENANCE_ROLE, read_roles
from egrow_replica.db import Capability
from egrow_replica.errors import ConfigurationError, PreflightFailed, Refused
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.base import finding, inspection
from egrow_replica.window.checks.remedies import name
from egrow_replica.window.checks.view import View
from egrow_replica.window.hold import check_roles, read_hold, read_role_rights, read_writers

PROD = Server.PROD


@inspection("maintenance", PROD, subject="[maintenance] roles", fine="their writes can be held", guards=False)
def roles(view: View, server: Server) -> Iterator[Check]:
    """The configured roles, and our rights; an error where the evidence has to be exact."""
    configured = view.settings.maintenance.roles
    needed = view.settings.evidence.require == "exact"
    if not configured and not needed:
        return
    severity = Severity.ERROR if needed and read_hold(view.prod) is None else Severity.WARNING
    try:
        check_roles(view.prod, configured, view.facts(server).role)
    except (ConfigurationError, PreflightFailed, Refused) as error:
        remedy = _grants(view, server) if error.code == "privilege" else error.hint
        message = error.reason if isinstance(error, Refused) else error.message
        yield finding("maintenance", severity, server, "[maintenance] roles", message, remedy)


@inspection("not-held", PROD, subject="others who write", fine="nobody else may write protected tables", guards=False)
def not_held(view: View, server: Server) -> Iterator[Check]:
    """Roles that may write protected tables and are none of those that would be held."""
    configured = view.settings.maintenance.roles
    if not configured:
        return
    oids = [one.oid for one in view.bystanders(server)]
    for one in read_writers(view.prod, oids, configured):
        message = f"it may write protected tables and would not be held: {one.why}"
        if one.sessions:
            message += f"; with its {one.sessions} sessions in this database no evidence is exact"
        needed = view.settings.evidence.require == "exact"
        severity = Severity.WARNING if one.sessions and needed else Severity.INFO
        yield finding("not-held", severity, server, one.role, message, "")


@inspection("hold", PROD, subject="writes", fine="they are not held", guards=False)
def hold(view: View, server: Server) -> Iterator[Check]:
    """A hold that somebody has forgotten."""
    found = read_hold(view.prod)
    if found is not None:
        over = f"; its time was over {-found.seconds_left:.0f} s ago" if found.seconds_left < 0 else ""
        message = f"writes of {', '.join(found.names)} are held by {found.os_user}@{found.os_host}{over}"
        severity = Severity.WARNING if over else Severity.INFO
        remedy = "`egrow-replica maintenance off` ends it."
        yield finding("hold", severity, server, f"hold {found.id}", message, remedy)


def _grants(view: View, server: Server) -> str:
    """What `setup` grants, for a person to read."""
    if not view.prod.has(Capability.MEMBERSHIP_OPTIONS):
        return "Let a superuser run `egrow-replica maintenance on`."
    keeper = name(MAINTENANCE_ROLE)
    make = "ALTER ROLE" if read_roles(view.prod, [MAINTENANCE_ROLE]) else "CREATE ROLE"
    theirs = read_role_rights(view.prod, view.settings.maintenance.roles)
    return " ".join(
        [
            f"{make} {keeper} NOLOGIN CREATEROLE;",
            f"GRANT pg_signal_backend, pg_monitor TO {keeper};",
            *(f"GRANT {name(one)} TO {keeper} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;" for one in theirs),
            f"GRANT {keeper} TO {name(view.facts(server).role)} WITH INHERIT FALSE, SET TRUE;",
            f"GRANT pg_monitor TO {name(view.facts(server).role)};",
        ]
    )


CHECKS = (*roles, *not_held, *hold)
