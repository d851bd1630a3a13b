"""A row filter: columns, constants, comparisons, boolean and null tests, immutable functions. Nothing that looks."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import gather
from egrow_replica.guard.lists.functions import IMMUTABLE
from egrow_replica.guard.lists.names import FILTER_TYPES
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, only, strings
from egrow_replica.model import QualifiedName

RULE = "filter"

_NODES = frozenset(
    {
        "A_ArrayExpr", "A_Const", "A_Expr", "BoolExpr", "BooleanTest", "CaseExpr", "CaseWhen", "CoalesceExpr",
        "CollateClause", "ColumnRef", "FuncCall", "MinMaxExpr", "NullTest", "String", "TypeCast", "TypeName",
        "Integer", "Float", "Boolean",
    }
)  # fmt: skip
_COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*", "+", "-", "*", "/", "%", "||"})
_BETWEEN = frozenset({"BETWEEN", "NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"})


def check_filter(expression: Node, policy: Policy) -> None:
    """Walk the expression with lists of its own, narrower than those for queries.

    :raises Refused: rule ``filter``.
    """
    facts = gather(expression)
    unknown = facts.classes - _NODES
    if unknown:
        raise Refused(RULE, f"a row filter may not hold {min(unknown)}")
    if facts.columns:
        raise Refused(RULE, "a row filter names columns without a table in front")
    for names, call in facts.functions:
        if names[:-1] not in ((), ("pg_catalog",)) or names[-1] not in IMMUTABLE:
            raise Refused(RULE, f"a row filter may not call {'.'.join(names)}")
        only(RULE, call, "funcname", "args", "funcformat")
    for operator in facts.operators:
        if operator[:-1] not in ((), ("pg_catalog",)) or operator[-1] not in _COMPARISONS | _BETWEEN:
            raise Refused(RULE, f"a row filter may not use the operator {'.'.join(operator)}")
    for type_name in facts.types:
        _check_type(type_name, policy)


def _check_type(type_name: Node, policy: Policy) -> None:
    names = strings(type_name.names)
    built_in = names[:-1] in ((), ("pg_catalog",)) and names[-1] in FILTER_TYPES
    listed = len(names) == 2 and QualifiedName(*names) in policy.types
    if type_name.setof or type_name.pct_type or not (built_in or listed):
        raise Refused(RULE, f"a row filter may not name the type {'.'.join(names)}")
