"""A row filter: what PostgreSQL takes into a publication, an expression over the row's own columns. Nothing that looks.

Every rule for queries is asked too: the same text stands in the statements that compare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts, gather
from egrow_replica.guard.lists.immutable import IMMUTABLE
from egrow_replica.guard.lists.names import SYSTEM_COLUMNS
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules import collations, columns, functions, literals, operators, sizes, types
from egrow_replica.guard.tree import Node, children, class_of, name_node, only, strings
from egrow_replica.model import QualifiedName

RULE = "filter"

#: What check_simple_rowfilter_expr (publicationcmds.c) lets pass, as the grammar has it.
_NODES = frozenset(
    {
        "A_ArrayExpr", "A_Const", "A_Expr", "BitString", "BoolExpr", "Boolean", "BooleanTest", "CaseExpr", "CaseWhen",
        "CoalesceExpr", "CollateClause", "ColumnRef", "Float", "FuncCall", "Integer", "MinMaxExpr", "NullTest",
        "RowExpr", "String", "TypeCast", "TypeName", "XmlExpr",
    }
)  # fmt: skip

#: The rules for what an expression can hold.
_GENERAL: tuple[Callable[[Facts, Policy], Iterable[QualifiedName]], ...] = (
    functions.check,
    columns.check,
    types.check,
    operators.check,
    collations.check,
    literals.check,
    sizes.check,
)


def check_filter(expression: Node, policy: Policy) -> None:
    """Walk the expression with lists of its own, narrower than those for queries, then ask the rules for queries.

    :raises Refused: rule ``filter``, or another's.
    """
    facts = gather(expression)
    unknown = facts.classes - _NODES
    if unknown:
        raise Refused(RULE, f"a row filter may not hold {min(unknown)}")
    for reference in facts.of("ColumnRef"):
        names = strings(reference.fields)
        if len(names) != 1:
            raise Refused(RULE, "a row filter names columns of its own table only")
        if names[0] in SYSTEM_COLUMNS:
            raise Refused(RULE, f"{names[0]} is a system column: no row filter reads it")
    for names, call in facts.functions:
        if names[-1] not in IMMUTABLE:
            raise Refused(RULE, f"a row filter may not call {'.'.join(names)}: it is not immutable, or not built in")
        only(RULE, call, "funcname", "args", "funcformat")
    for check in _GENERAL:
        check(facts, policy)


def columns_of(expression: Node) -> Iterator[Node]:
    """Every column that an expression names."""
    stack = [expression]
    while stack:
        node = stack.pop()
        if class_of(node) == "ColumnRef":
            yield node
        stack.extend(children(node))


def put_alias(expression: Node, alias: str) -> None:
    """Put an alias in front of every column that has none."""
    for column in columns_of(expression):
        if len(column.fields) == 1:
            column.fields = (name_node(alias), *column.fields)


def without_table(expression: Node, table: QualifiedName) -> None:
    """Take the table's own name away from its columns: in other statements its rows go by another."""
    for column in columns_of(expression):
        front = strings(column.fields[:-1]) if class_of(column.fields[-1]) == "String" else ()
        if front in ((table.name,), (table.schema, table.name)):
            column.fields = column.fields[-1:]
