"""Checks of what production would do of itself when content is written, and of what the roles may do besides."""

from __future__ import annotations

from collections.abc import Iterator

from egrow_replica.catalog.planned import read_planned_calls
from egrow_replica.effects.checks import validate_window
from egrow_replica.effects.privileges import read_privileges, validate_privileges
from egrow_replica.model import Check, Server, Severity
from egrow_replica.window.checks.access import makes_roles
from egrow_replica.window.checks.base import info, inspection, warning
from egrow_replica.window.checks.view import View

#: What other checks say of each content table, with a remedy for both servers.
_SAID_ELSEWHERE = frozenset({"inheritance", "rule", "row-security", "unlogged", "not-a-table"})


@inspection("closure", Server.PROD, subject="triggers", fine="a write to content sets nothing in motion", both=True)
def effects(view: View, _: Server) -> Iterator[Check]:
    """Triggers, rules, expressions and functions that a write would run, followed to where they lead."""
    facts = view.effects
    for finding in validate_window(facts, deletes="delete" in view.settings.window.publish):
        # What holds for every key that rows point at is no news: orphans are counted before and after.
        if finding.id not in _SAID_ELSEWHERE and finding.severity is not Severity.INFO:
            yield finding.check


@inspection(
    "bypassed-triggers", Server.PROD, subject="triggers", fine="content has none that rest", both=True, guards=False
)
def bypassed(view: View, server: Server) -> Iterator[Check]:
    """Ordinary triggers do not fire under replication, so what they keep up to date is not."""
    facts = view.effects
    for table in facts.content:
        names = [one.name for one in facts.triggers if one.relation == table.oid and one.enabled == "O"]
        if names:
            message = f"for what a window writes these do not run, and what they keep goes stale: {', '.join(names)}"
            remedy = "Afterwards, do by hand what they would have done."
            yield info("bypassed-triggers", server, table.name, message, remedy)


@inspection("second-opinion", Server.PROD, subject="privileges", fine="nobody may write what is not content", both=True)
def privileges(view: View, _: Server) -> Iterator[Check]:
    """What the content roles and the operator could write besides content, whatever the way."""
    if makes_roles(view):
        return
    facts = read_privileges(view.prod, view.scope, publish=view.settings.window.publish)
    yield from (finding.check for finding in validate_privileges(facts))


@inspection(
    "planned-functions",
    Server.DEV,
    Server.PROD,
    subject="planning",
    fine="no function of one's own runs when a table is planned",
    guards=False,
)
def planned(view: View, server: Server) -> Iterator[Check]:
    """Whoever reads or explains a query of such a table runs them, and so do we; what writes rows then fails."""
    for call in read_planned_calls(view.door(server)):
        message = f"{call.place} calls {call.function} with constants: planning a query of the table runs it. It can "
        message += "change no row where we only read; whatever else it does happens"
        remedy = "See what it does, or let it take a value of the row."
        yield warning("planned-functions", server, call.table, message, remedy)


CHECKS = (*effects, *bypassed, *privileges, *planned)
