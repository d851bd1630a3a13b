"""Only built-in operators: one in a user's schema is a function call with another face."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.names import OPERATORS
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, class_of, strings

RULE = "operator"

#: What the grammar itself puts where an operator's name stands.
_WORDS = frozenset({("BETWEEN",), ("NOT BETWEEN",), ("BETWEEN SYMMETRIC",), ("NOT BETWEEN SYMMETRIC",)})


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at operators in expressions, ``ANY (…)``, sub-selects and ``ORDER BY … USING``, and at operator classes.

    :raises Refused: rule ``operator``.
    """
    for names in facts.operators:
        built_in = names[-1] in OPERATORS and names[:-1] in ((), ("pg_catalog",))
        if not built_in and names not in _WORDS:
            raise Refused(RULE, f"the operator {'.'.join(names)} is not built in")
    for node in facts.of("A_Expr", "SubLink"):
        _check_match(node)
    if facts.opclasses:
        raise Refused(RULE, "operator classes may not be named")
    return ()


#: Types that leave ``@@`` no reading that goes through a text search configuration.
_MATCHED = frozenset({"tsvector", "jsonb", "jsonpath"})


def _check_match(node: Node) -> None:
    """``text @@ text`` and ``text @@ tsquery`` are ``to_tsvector``: dictionaries, and files of the server."""
    sub_link = class_of(node) == "SubLink"
    names = node.operName if sub_link else node.name
    if not names or strings(names)[-1] != "@@":
        return
    sides = (node.testexpr,) if sub_link else (node.lexpr, node.rexpr)
    if sides[0] is not None and not any(_is_cast_to_matched(side) for side in sides):
        raise Refused(RULE, "@@ of texts reads dictionaries: cast one side to tsvector, jsonb or jsonpath")


def _is_cast_to_matched(node: Node) -> bool:
    return (
        class_of(node) == "TypeCast"
        and strings(node.typeName.names)[-1] in _MATCHED
        and strings(node.typeName.names)[:-1] in ((), ("pg_catalog",))
        and not node.typeName.arrayBounds
    )
