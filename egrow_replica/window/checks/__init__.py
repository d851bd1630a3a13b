"""The checks that a window stands on, each by itself; ``doctor`` shows them all, ``enable`` stops at their errors."""

from egrow_replica.window.checks import (
    access,
    activity,
    addresses,
    backups,
    collations,
    disk,
    drift,
    drift_constraints,
    effects,
    evidence,
    logs,
    maintenance,
    rows,
    servers,
    tables,
    width,
)
from egrow_replica.window.checks.access import makes_roles
from egrow_replica.window.checks.base import Inspection, inspect
from egrow_replica.window.checks.view import View, build_scope

#: Is this the right pair at all? Nothing else makes sense where not.
FIRST = servers.identity
#: What tells whether the configured content can be read and compared.
CONTENT = (*tables.NAMES, *drift.CHECKS)
ALL = (
    *activity.LOCKS,
    *servers.CHECKS,
    *addresses.CHECKS,
    *disk.CHECKS,
    *access.CHECKS,
    *evidence.CHECKS,
    *tables.CHECKS,
    *width.CHECKS,
    *effects.CHECKS,
    *drift.CHECKS,
    *drift_constraints.CHECKS,
    *collations.CHECKS,
    *rows.CHECKS,
    *activity.CHECKS,
    *logs.CHECKS,
    *maintenance.CHECKS,
    *backups.CHECKS,
)

__all__ = ["ALL", "CONTENT", "FIRST", "Inspection", "View", "build_scope", "inspect", "makes_roles"]
