"""A rehearsal by itself: no window, and nothing of what looks beforehand."""

from __future__ import annotations

from support.pair import Pair

from egrow_replica.app.context import Context
from egrow_replica.catalog import read_relations
from egrow_replica.catalog.tables import partitions_of
from egrow_replica.model import Check, Severity
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
from egrow_replica.window.preflight import read_scope
from egrow_replica.window.rehearsal import Rehearsal, rehearse


def rehearsed(pair: Pair) -> Rehearsal:
    """Play what the stream may do to the configured tables."""
    settings = load_settings(pair.config)
    servers = Context(settings, Silence()).servers()
    with servers.read_dev("test") as dev, servers.read_prod("test") as prod:
        scope = read_scope(dev, prod, settings)
        parts = partitions_of(read_relations(prod, measured=False), scope.names)
    with servers.rehearse_prod(scope, parts, None) as door:
        return rehearse(door, scope, settings.window.publish)


def errors(rehearsal: Rehearsal) -> dict[str, list[Check]]:
    """What it found, by table."""
    found: dict[str, list[Check]] = {}
    for check in rehearsal.checks:
        if check.severity is Severity.ERROR:
            found.setdefault(check.subject, []).append(check)
    return found
