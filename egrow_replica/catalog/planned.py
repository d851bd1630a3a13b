"""Functions of one's own that run when a table is planned: for whoever reads it, or only explains a query.

The planner computes what is constant in the expressions of indexes, statistics, checks and partition keys
(``eval_const_expressions``), before it knows whether it needs them, and no setting keeps it from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from egrow_replica.db import Door, query
from egrow_replica.model import Model, QualifiedName

#: What is older belongs to PostgreSQL (``FirstNormalObjectId``).
_FIRST_OWN = 16384
_CALL = re.compile(r"\{(?:FUNC|OP|DISTINCT|NULLIF|SCALARARRAYOP)EXPR [^{}]*?:(?:op)?funcid (\d+)\b")


class _Stored(Model):
    schema_name: str
    relation_name: str
    place: str
    tree: str


class _Named(Model):
    oid: int
    schema_name: str
    function_name: str


class PlannedCall(Model):
    """A function that runs when a table is planned, and what calls it."""

    oid: int
    table: QualifiedName
    place: str
    function: QualifiedName


def read_planned_calls(door: Door) -> list[PlannedCall]:
    """All of a database; raises as :meth:`Door.execute`."""
    stored = door.rows(_Stored, query("catalog/planned_expressions"))
    found = [(one, function) for one in stored for function in sorted(set(_constant_calls(one.tree)))]
    oids = sorted({function for _, function in found})
    named = {one.oid: QualifiedName(one.schema_name, one.function_name) for one in _names(door, oids)}
    return [
        PlannedCall(
            oid=function,
            table=QualifiedName(one.schema_name, one.relation_name),
            place=one.place,
            function=named[function],
        )
        for one, function in found
        if function in named
    ]


def _names(door: Door, oids: list[int]) -> list[_Named]:
    return door.rows(_Named, query("catalog/function_names"), [oids]) if oids else []


def _constant_calls(tree: str) -> Iterator[int]:
    """The functions of one's own that a stored tree calls with nothing of the row among the arguments.

    >>> list(_constant_calls("({FUNCEXPR :funcid 20000 :args ({CONST :constvalue 1})})"))
    [20000]
    >>> list(_constant_calls("({FUNCEXPR :funcid 20000 :args ({VAR :varno 1})})"))
    []
    """
    for call in _CALL.finditer(tree):
        function = int(call[1])
        if function >= _FIRST_OWN and "{VAR " not in tree[call.start() : _end(tree, call.start())]:
            yield function


def _end(tree: str, begin: int) -> int:
    """Where the node that begins there is closed; a brace in a constant is written as a number."""
    depth = 0
    for brace in re.compile(r"[{}]").finditer(tree, begin):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.end()
    return len(tree)
