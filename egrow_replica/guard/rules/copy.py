"""COPY: between the server and this client only, never a file or a program of the server."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import name_of
from egrow_replica.guard.options import known_options, read_options
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.writes import writable
from egrow_replica.guard.tree import Node, class_of, only
from egrow_replica.model import QualifiedName

RULE = "copy"

_OPTIONS = frozenset(
    {
        "format", "delimiter", "null", "default", "header", "quote", "escape", "force_quote", "force_not_null",
        "force_null", "encoding",
    }
)  # fmt: skip


def check(statement: Node, policy: Policy) -> tuple[QualifiedName, ...]:
    """FROM STDIN into what may be written, TO STDOUT from a table or a SELECT.

    :raises Refused: rule ``copy`` or ``write``.
    """
    if statement.is_program or statement.filename is not None:
        raise Refused(RULE, "COPY with a program or a file of the server is not allowed")
    only(RULE, statement, "relation", "query", "attlist", "is_from", "options")
    known_options(RULE, read_options(RULE, statement.options), _OPTIONS)
    if statement.is_from:
        return (writable(statement.relation, policy),)
    if statement.query is None:
        if name_of(statement.relation) is None:
            raise Refused(RULE, "the table is not written as schema.name")
    elif class_of(statement.query) != "SelectStmt":
        raise Refused(RULE, "only a SELECT may be copied")
    return ()
