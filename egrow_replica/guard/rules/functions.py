"""Only functions that are listed, wherever an expression can stand."""

from __future__ import annotations

from collections.abc import Callable

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.functions import HARMLESS, WAL_READERS, WAL_SCHEMA
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules import (
    advisory_locks,
    messages,
    origins,
    sequences,
    sessions,
    slots,
    snapshots,
    statistics,
    types,
)
from egrow_replica.guard.tree import Node
from egrow_replica.model import QualifiedName

RULE = "function"

#: Functions that act, each with the rule that says when it may.
_ACTING: dict[str, Callable[[Node, Policy], tuple[QualifiedName, ...]]] = {
    "setval": sequences.check,
    "pg_replication_origin_create": origins.check,
    "pg_replication_origin_drop": origins.check,
    "pg_replication_origin_session_setup": origins.check,
    **slots.CHECKS,
    "pg_stat_force_next_flush": statistics.check,
    "pg_logical_emit_message": messages.check,
    "pg_try_advisory_lock": advisory_locks.check,
    "pg_advisory_unlock": advisory_locks.check,
    "pg_terminate_backend": sessions.check,
    "pg_input_is_valid": types.check_input,
}

#: Of these it also counts how often the statement calls them.
_COUNTED: dict[str, Callable[[Node, Policy, Facts], tuple[()]]] = {
    "pg_export_snapshot": snapshots.check_export,
    "pg_current_xact_id": snapshots.check_id,
    "txid_current": snapshots.check_id,
}


def check(facts: Facts, policy: Policy) -> list[QualifiedName]:
    """Look at every call; return the sequences that would move.

    :raises Refused: rule ``function`` or the rule of an acting function.
    """
    written: list[QualifiedName] = []
    for names, call in facts.functions:
        schema, name = names[:-1], names[-1]
        if schema in ((), ("pg_catalog",)) and name in HARMLESS:
            continue
        if schema == (WAL_SCHEMA,) and name in WAL_READERS:
            continue
        if schema in ((), ("pg_catalog",)) and name in _COUNTED:
            _COUNTED[name](call, policy, facts)
            continue
        acting = _ACTING.get(name) if schema in ((), ("pg_catalog",)) else None
        if acting is None:
            raise Refused(RULE, f"the function {'.'.join(names)} is not on the list")
        written.extend(acting(call, policy))
    return written
