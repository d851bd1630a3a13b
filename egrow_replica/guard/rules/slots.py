"""Replication slots: only this window's, and only what its connection needs.

Development's connection drops the slot that streams. Production's makes, moves and drops the physical slot that keeps
WAL for the evidence; moving one forward releases WAL and changes nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import text_argument
from egrow_replica.guard.policy import Policy, Purpose
from egrow_replica.guard.tree import Node, class_of, constant

RULE = "slot"


def check_drop(call: Node, policy: Policy) -> tuple[()]:
    """Compare the constant argument with the policy's slot.

    :raises Refused: rule ``slot``.
    """
    return _check(call, policy, arguments=1, allowed=policy.purpose in (Purpose.PUBLISHER, Purpose.WINDOW))


def check_create(call: Node, policy: Policy) -> tuple[()]:
    """A physical slot that keeps WAL at once, so that nothing is lost between making it and using it.

    :raises Refused: rule ``slot``.
    """
    _check(call, policy, arguments=2, allowed=policy.is_window)
    if not _is_true(call.args[1]):
        raise Refused(RULE, "a slot that keeps WAL is made to keep it immediately")
    return ()


def check_advance(call: Node, policy: Policy) -> tuple[()]:
    """Release examined WAL; never on development, where it would skip changes.

    :raises Refused: rule ``slot``.
    """
    return _check(call, policy, arguments=2, allowed=policy.is_window)


def check_mark(call: Node, policy: Policy) -> tuple[()]:
    """Count the slot's transactions from now on, on development's connection: that marks it, and changes nothing else.

    :raises Refused: rule ``slot``.
    """
    return _check(call, policy, arguments=1, allowed=policy.purpose is Purpose.PUBLISHER)


CHECKS: dict[str, Callable[[Node, Policy], tuple[()]]] = {
    "pg_drop_replication_slot": check_drop,
    "pg_create_physical_replication_slot": check_create,
    "pg_replication_slot_advance": check_advance,
    "pg_stat_reset_replication_slot": check_mark,
}


def _check(call: Node, policy: Policy, *, arguments: int, allowed: bool) -> tuple[()]:
    if not allowed or not policy.is_slot(text_argument(RULE, call)) or len(call.args) != arguments:
        raise Refused(RULE, f"this replication slot may not be used so on a connection for {policy.purpose}")
    return ()


def _is_true(value: Node) -> bool:
    return class_of(value) == "A_Const" and constant(value) is True
