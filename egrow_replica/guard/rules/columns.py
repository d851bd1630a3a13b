"""A name after a dot must be a column: where there is none, it is a call (``s.lo_unlink``, ``(5).pg_sleep``).

PostgreSQL reads ``s.f`` and ``(expression).f`` as ``f(s)`` where there is no column ``f`` (ParseFuncOrColumn), whatever
the type of what stands in front. So what is in front has to be a row that has the column, as far as the text tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.hazards import may_be_a_call
from egrow_replica.guard.lists.results import RESULTS
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, children, class_of, strings

RULE = "column"

_FIELD_OF_ROW = re.compile(r"f[1-9]\d*")


#: What is in FROM, by the name that it goes by: the columns of a function, ``None`` for a row.
_Sources = dict[str, frozenset[str] | None]

#: Where a level of a query names its sources.
_LEVELS: dict[str, tuple[str, ...]] = {
    "SelectStmt": ("fromClause",),
    "UpdateStmt": ("relation", "fromClause"),
    "DeleteStmt": ("relation", "usingClause"),
    "MergeStmt": ("relation", "sourceRelation"),
}


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at every name after a dot, behind an expression and behind the name of something in FROM.

    What is a table, a sub-select or a CTE in FROM is a row; a function in FROM may be a plain value.

    :raises Refused: rule ``column``.
    """
    for item in facts.of("A_Indirection"):
        _check_selection(item)
    for reference, sources in _references(facts.statement):
        names = [part.sval for part in reference.fields if class_of(part) == "String"]
        if len(reference.fields) > 1 and len(names) == len(reference.fields):
            _check_name(names[-1], sources.get(names[-2]) if len(names) == 2 else None)
    return ()


def _references(statement: Node) -> Iterator[tuple[Node, _Sources]]:
    """Every column reference with the sources that it can see."""
    stack: list[tuple[Node, _Sources]] = [(statement, {})]
    while stack:
        node, outer = stack.pop()
        if class_of(node) == "ColumnRef":
            yield node, outer
        places = _LEVELS.get(class_of(node), ())
        if not places:
            stack.extend((child, outer) for child in children(node))
            continue
        items = [item for place in places for item in _items(getattr(node, place))]
        own = {name: columns for item in items for name, columns in _sources_of(item)}
        stack.extend((child, outer | own) for child in children(node, without=places))
        # A sub-select in FROM sees its neighbours only where it is LATERAL: a function outside keeps its name there.
        beside = own | {name: columns for name, columns in outer.items() if columns is not None}
        stack.extend((item, beside) for item in items)


def _items(value: Any) -> tuple[Node, ...]:
    """A clause as its parts: some are lists, some one node."""
    return value if isinstance(value, tuple) else () if value is None else (value,)


def _sources_of(item: Node) -> Iterator[tuple[str, frozenset[str] | None]]:
    """The names that an item of FROM brings, joins taken apart."""
    name = class_of(item)
    if name == "JoinExpr":
        yield from _sources_of(item.larg)
        yield from _sources_of(item.rarg)
    elif name == "RangeFunction":
        yield _function(item)
    elif name == "RangeTableSample":
        yield from _sources_of(item.relation)
    if name != "RangeFunction" and (alias := getattr(item, "alias", None)) is not None:
        yield alias.aliasname, None
    elif name == "RangeVar":
        yield item.relname, None


def _check_name(column: str, known: frozenset[str] | None) -> None:
    """:param known: the columns of the function in front; ``None`` where that is a row."""
    if may_be_a_call(column) or (known is not None and column not in known):
        raise Refused(RULE, f"where there is no column {column!r}, this calls the function of that name")


def _check_selection(item: Node) -> None:
    """``(expression).name``: of a row that is written out, or of a function whose columns are known."""
    for place, part in enumerate(item.indirection):
        if class_of(part) == "String" and (place > 0 or not _is_column_of(item.arg, part.sval)):
            raise Refused(RULE, f"{part.sval!r} is selected from what need not be a row: it may be a function's name")


def _is_column_of(value: Node, name: str) -> bool:
    if class_of(value) == "RowExpr":
        return _FIELD_OF_ROW.fullmatch(name) is not None
    return class_of(value) == "FuncCall" and name in RESULTS.get(strings(value.funcname)[-1], ())


def _function(item: Node) -> tuple[str, frozenset[str]]:
    """The name of a function in FROM, and the columns that it surely has."""
    call = item.functions[0][0]
    function = strings(call.funcname)[-1] if class_of(call) == "FuncCall" else None
    if function is None and item.alias is None:
        raise Refused(RULE, "a value in FROM needs a name of its own")
    name = item.alias.aliasname if item.alias is not None else str(function)
    named = {part.sval for part in item.alias.colnames or ()} if item.alias is not None else set()
    defined = {column.colname for column in item.coldeflist or ()}
    defined |= {column.colname for _, columns in item.functions for column in columns or ()}
    results = RESULTS.get(function or "", frozenset())
    # A function that returns one plain value has one column, which goes by the name of the whole.
    own = set() if named or defined or results else {name}
    return name, frozenset(named | defined | results | own | ({"ordinality"} if item.ordinality else set()))
