"""What a transaction exports or takes: a snapshot, which is a file of the server; an id, which is a record in WAL."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.policy import Policy, Purpose
from egrow_replica.guard.tree import Node, children, class_of, only, strings

RULE = "snapshot"
TRANSACTION_ID_RULE = "transaction-id"

_BESIDE = frozenset({"pg_current_xact_id", "pg_current_wal_insert_lsn"})


def check_export(call: Node, policy: Policy, facts: Facts) -> tuple[()]:
    """Once, on a reading connection: each call makes a file.

    :raises Refused: rule ``snapshot``.
    """
    only(RULE, call, "funcname", "funcformat")
    if policy.purpose is not Purpose.READING or not _is_called_once(facts, call):
        raise Refused(RULE, "a snapshot is exported once, by SELECT pg_export_snapshot(), on a reading connection")
    return ()


def check_id(call: Node, policy: Policy, facts: Facts) -> tuple[()]:
    """Where rows are written a transaction has an id anyway; the evidence marks a place in WAL by one.

    :raises Refused: rule ``transaction-id``.
    """
    only(TRANSACTION_ID_RULE, call, "funcname", "funcformat")
    marks = policy.purpose is Purpose.EVIDENCE and _is_called_once(facts, call)
    if policy.origin is None and not marks:
        raise Refused(TRANSACTION_ID_RULE, f"no transaction id is taken on a connection for {policy.purpose}")
    return ()


def _is_called_once(facts: Facts, call: Node) -> bool:
    """Whether the statement is a SELECT of this call, or of positions beside it, and of nothing that has rows."""
    statement = facts.statement
    if class_of(statement) != "SelectStmt":
        return False
    shown = tuple(child for child in children(statement, without=("targetList",)))
    called = {strings(each.funcname)[-1] for each in facts.of("FuncCall")} - {strings(call.funcname)[-1]}
    return not shown and called <= _BESIDE and len(facts.nodes["SelectStmt"]) == 1
