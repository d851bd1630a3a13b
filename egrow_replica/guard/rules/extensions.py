"""CREATE EXTENSION: pg_walinspect, in its own schema."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.lists.functions import WAL_SCHEMA
from egrow_replica.guard.options import read_options, word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, only

RULE = "extension"
EXTENSION = "pg_walinspect"


def check(statement: Node, policy: Policy) -> tuple[()]:
    """CASCADE would bring other extensions along.

    :raises Refused: rule ``extension``.
    """
    only(RULE, statement, "extname", "if_not_exists", "options")
    options = {name: word(value) for name, value in read_options(RULE, statement.options).items()}
    if statement.extname != EXTENSION or options != {"schema": WAL_SCHEMA}:
        raise Refused(RULE, f"only CREATE EXTENSION {EXTENSION} SCHEMA {WAL_SCHEMA} is allowed")
    return ()
