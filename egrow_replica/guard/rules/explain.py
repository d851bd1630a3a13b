"""EXPLAIN: with ANALYZE it executes, so what it explains is judged as if it stood alone."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import known_options, read_options
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import KIND_OF_CLASS, NESTED
from egrow_replica.guard.tree import Node, class_of, only

RULE = "explain"

_OPTIONS = frozenset(
    {
        "analyze", "verbose", "costs", "settings", "generic_plan", "buffers", "serialize", "wal", "timing", "summary",
        "memory", "format",
    }
)  # fmt: skip


def check(statement: Node, policy: Policy) -> tuple[()]:
    """The walk has seen what is inside; here only the kind of what is inside is left.

    :raises Refused: rule ``explain``.
    """
    only(RULE, statement, "query", "options")
    known_options(RULE, read_options(RULE, statement.options), _OPTIONS)
    inner = class_of(statement.query)
    if inner not in NESTED or KIND_OF_CLASS[inner] not in policy.kinds:
        raise Refused(RULE, "only a query or a write that is allowed by itself may be explained")
    return ()
