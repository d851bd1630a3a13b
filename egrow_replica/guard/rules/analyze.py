"""ANALYZE of what may be written; never VACUUM, never the whole database."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import known_options, read_options
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.writes import writable
from egrow_replica.guard.tree import Node, only

RULE = "analyze"


def check(statement: Node, policy: Policy) -> tuple[()]:
    """It refreshes statistics, so it is not counted as a write.

    :raises Refused: rule ``analyze`` or ``write``.
    """
    if statement.is_vacuumcmd or not statement.rels:
        raise Refused(RULE, "only ANALYZE of named tables is allowed")
    only(RULE, statement, "options", "rels")
    known_options(RULE, read_options(RULE, statement.options), {"verbose", "skip_locked"})
    for item in statement.rels:
        only(RULE, item, "relation", "va_cols")
        writable(item.relation, policy)
    return ()
