"""Only built-in types: the input of a domain or a composite can run code of its owner."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.arguments import text_argument
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.names import TYPES
from egrow_replica.guard.lists.sizes import PARSED
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, strings
from egrow_replica.model import QualifiedName

RULE = "type"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at every type that is named: casts, column definitions, RETURNING of SQL/JSON.

    :raises Refused: rule ``type``.
    """
    for type_name in facts.types:
        _check(type_name, policy)
    return ()


def check_input(call: Node, policy: Policy) -> tuple[()]:
    """``pg_input_is_valid(text, type)``: a constant that names a built-in type whose input parses nothing.

    :raises Refused: rule ``type``.
    """
    name = text_argument(RULE, call, 1).removesuffix("[]").removeprefix("pg_catalog.")
    if name not in TYPES - PARSED:
        raise Refused(RULE, "a text is tried as a built-in type only")
    return ()


def _check(type_name: Node, policy: Policy) -> None:
    names = strings(type_name.names)
    if type_name.setof or type_name.pct_type or not names:
        raise Refused(RULE, "SETOF and %TYPE are not allowed")
    schema, name = names[:-1], names[-1]
    if schema in ((), ("pg_catalog",)) and name.removeprefix("_") in TYPES:  # _int4 is int4[]
        return
    if len(names) == 2 and QualifiedName(*names) in policy.types:
        return
    raise Refused(RULE, f"the type {'.'.join(names)} is not built in")
