"""May a window be opened? Every reason why not, found by reading only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from egrow_replica.catalog import Scope, ServerFacts
from egrow_replica.db import Door
from egrow_replica.errors import EgrowError, PreflightFailed, Refused, ServerUnavailable, StatementFailed
from egrow_replica.model import Check, Server, Severity
from egrow_replica.results import DoctorReport
from egrow_replica.settings import Settings
from egrow_replica.window import checks as all_checks
from egrow_replica.window.checks import View, build_scope, inspect
from egrow_replica.window.checks.base import in_short
from egrow_replica.window.journal import Window

__all__ = ["Findings", "build_scope", "read_scope", "refuse", "run_preflight"]

#: Errors that mean that a server cannot be reached or refuses a login.
UNREACHABLE = frozenset(["connection", "stream-login"])


@dataclass(frozen=True)
class Findings:
    """What the preflight saw.

    :ivar checks: whatever is not simply well.
    :ivar scope: the content as it can travel; complete only if no check is an error.
    :ivar makes_roles: the content roles are missing and our login can make them.
    """

    checks: tuple[Check, ...]
    scope: Scope
    dev: ServerFacts
    prod: ServerFacts
    makes_roles: bool

    def refuse(self) -> None:
        """Raise where a finding keeps the window closed; ``report`` has the findings with all of their rows.

        :raises Refused: a user table could be reached; :raises PreflightFailed: anything else.
        """
        try:
            refuse(self.checks)
        except EgrowError as error:
            error.report = DoctorReport(checks=self.checks)
            raise


def refuse(checks: Iterable[Check]) -> None:
    """Raise where a finding is an error, the one that could reach a user's table first.

    :raises Refused: a user table could be reached.
    :raises ServerUnavailable: a server, or the stream's login, does not answer.
    :raises PreflightFailed: anything else.
    """
    errors = [check for check in checks if check.severity is Severity.ERROR]
    if not errors:
        return
    refused = [check for check in errors if check.refused]
    unreachable = [check for check in errors if check.id in UNREACHABLE]
    first = (refused or unreachable or errors)[0]
    more = [f"{check.subject}: {in_short(check)}" for check in errors if check is not first]
    message = f"{first.subject}: {in_short(first)}" + "".join(f"\nalso: {one}" for one in more)
    if first.refused:
        raise Refused(first.id, message, hint=first.remedy)
    if unreachable:
        raise ServerUnavailable(message, hint=first.remedy, code=first.id)
    raise PreflightFailed(message, hint=first.remedy, code=first.id)


def read_scope(dev: Door, prod: Door, settings: Settings) -> Scope:
    """The content of both servers, for a command that only reads it.

    :raises Refused: something that is no table; :raises PreflightFailed: a table, a key or a column is missing.
    """
    view = View({Server.DEV: dev, Server.PROD: prod}, settings)
    with view.briefly():
        refuse(inspect(view, all_checks.FIRST))
        refuse(inspect(view, all_checks.CONTENT))
        return view.scope


def run_preflight(
    dev: Door, prod: Door, settings: Settings, windows: Iterable[Window], *, whole_backup: bool
) -> Findings:
    """Look at everything that the window stands on.

    :raises ServerUnavailable: a server went away.
    """
    view = View({Server.DEV: dev, Server.PROD: prod}, settings, windows, whole_backup=whole_backup)
    with view.briefly():
        dev_facts, prod_facts = view.facts(Server.DEV), view.facts(Server.PROD)
        found = [check for check in inspect(view, all_checks.FIRST) if check.severity is not Severity.OK]
        if found:  # Nothing else makes sense on the wrong server.
            return Findings(tuple(found), _EMPTY, dev_facts, prod_facts, False)
        found = [check for check in inspect(view, all_checks.ALL) if check.severity is not Severity.OK]
        return Findings(tuple(found), _scope(view), dev_facts, prod_facts, all_checks.makes_roles(view))


_EMPTY = Scope(tables=(), sequences=(), foreign_keys=())


def _scope(view: View) -> Scope:
    """Nothing where it cannot be read: then a check has said so."""
    try:
        return view.scope
    except StatementFailed:
        return _EMPTY


def failure_of(checks: Iterable[Check]) -> EgrowError | None:
    """What ``enable`` would end with, ``None`` where a window may be opened."""
    try:
        refuse(checks)
    except EgrowError as error:
        return error
    return None
