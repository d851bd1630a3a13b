"""Transactions: begin, end, savepoints and when constraints are looked at; nothing that outlives the session."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import is_false, known_options, read_options, word
from egrow_replica.guard.policy import Policy, Purpose
from egrow_replica.guard.tree import E, Node, only

RULE = "transaction"

_MODES = frozenset({"transaction_isolation", "transaction_read_only", "transaction_deferrable"})
_ALLOWED = frozenset(
    {
        E.TransactionStmtKind.TRANS_STMT_BEGIN,
        E.TransactionStmtKind.TRANS_STMT_START,
        E.TransactionStmtKind.TRANS_STMT_COMMIT,
        E.TransactionStmtKind.TRANS_STMT_ROLLBACK,
        E.TransactionStmtKind.TRANS_STMT_SAVEPOINT,
        E.TransactionStmtKind.TRANS_STMT_RELEASE,
        E.TransactionStmtKind.TRANS_STMT_ROLLBACK_TO,
    }
)


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Refuse prepared transactions and AND CHAIN, writing transactions where nothing is written, COMMIT where all of it
    is taken back.

    :raises Refused: rule ``transaction``.
    """
    if statement.kind not in _ALLOWED:
        raise Refused(RULE, "prepared transactions are not allowed")
    if statement.kind == E.TransactionStmtKind.TRANS_STMT_COMMIT and not policy.commits:
        raise Refused(RULE, f"a connection for {policy.purpose} takes back whatever it does")
    only(RULE, statement, "kind", "options", "savepoint_name")
    check_modes(statement.options, policy)
    return ()


def check_modes(options: tuple[Node, ...] | None, policy: Policy) -> None:
    """The modes of BEGIN and SET TRANSACTION.

    :raises Refused: rule ``transaction``.
    """
    modes = read_options(RULE, options)
    known_options(RULE, modes, _MODES)
    writes = "transaction_read_only" in modes and is_false(word(modes["transaction_read_only"]))
    if policy.purpose in (Purpose.READING, Purpose.EVIDENCE) and writes:
        raise Refused(RULE, "a connection for reading does not begin a transaction that may write")


def check_constraints(statement: Node, policy: Policy) -> tuple[()]:
    """SET CONSTRAINTS ALL IMMEDIATE: what a statement has put off happens where it is seen.

    :raises Refused: rule ``transaction``.
    """
    only(RULE, statement)
    return ()
