"""A constant text takes its type from what stands beside it: a domain's CHECK, or what a composite holds, then runs.

PostgreSQL makes no bare literal a domain beside a column of that domain (select_common_type takes the base type). It
does so where a function is made for any array, for its elements (``array_append(domains, '5')``), and where the literal
is a whole array, row or range of such values (``domains = '{5}'``). Both need a cast that names the type.
"""

from __future__ import annotations

import json
import re

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.names import ANY_TYPE, OVER_BUILT_IN
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.statements import NESTED
from egrow_replica.guard.tree import Node, class_of, constant

RULE = "literal"

_COMPOSED = re.compile(r"\s*[{(\[]|\s*empty\s*$", re.IGNORECASE)
_PARTS = re.compile(r"[,)}\]]|empty", re.IGNORECASE)


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at constants without a cast, wherever a query can hold one.

    :raises Refused: rule ``literal``.
    """
    if facts.kind is not None and not facts.classes & (NESTED | {"A_Expr"}):
        return ()  # SET, COMMENT and the like, whose constants are no values
    typed = {id(cast.arg) for cast in facts.of("TypeCast")}
    for node in facts.of("A_Expr"):
        if node.name and node.name[-1].sval in OVER_BUILT_IN:
            typed.update((id(node.lexpr), id(node.rexpr)))
    for names, call in facts.functions:
        if names[-1] not in ANY_TYPE:
            typed.update(map(id, call.args or ()))
        elif any(class_of(argument) in ("A_Const", "ParamRef") and _is_bare(argument) for argument in call.args or ()):
            raise Refused(RULE, f"a literal or parameter of {names[-1]} needs a cast: it becomes what the other holds")
    for node in facts.of("A_Const"):
        text = constant(node)
        if id(node) not in typed and isinstance(text, str) and _may_be_composed(text):
            raise Refused(RULE, "a literal that reads as an array, a row or a range needs a cast that names its type")
    return ()


def _is_bare(argument: Node) -> bool:
    """A text, NULL or a parameter; numbers and truth values have a type of their own."""
    return class_of(argument) == "ParamRef" or isinstance(constant(argument), str) or bool(argument.isnull)


def _may_be_composed(text: str) -> bool:
    """Whether an array, a row or a range could be read from it, of one value at least; JSON's objects cannot.

    >>> _may_be_composed("{5}"), _may_be_composed('{"a": 1}'), _may_be_composed("{}"), _may_be_composed("[1,2]")
    (True, False, False, True)
    """
    # What is not closed and has no second part is refused before a part of it is read.
    if _COMPOSED.match(text) is None or _PARTS.search(text) is None:
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return True
    return not (isinstance(value, dict) or (isinstance(value, list) and "," not in text))
