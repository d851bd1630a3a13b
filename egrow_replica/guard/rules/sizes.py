"""Statements that nothing ends: what takes the product of two sizes is allowed where one of them is small.

A time-out and ``pg_terminate_backend`` are looked at between rows and in most loops, not in all. What those cost that
never look is bounded here, by the text: constants, ARRAYs of them, values of small types, columns of tables. What is
computed while the statement runs may be of any size.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts
from egrow_replica.guard.lists.sizes import (
    ADDING,
    COUNTED,
    FEW,
    FIXED,
    MEASURED,
    MOST,
    OVER_BOTH,
    PARSED,
    PATHS,
    PATTERNS,
    SMALL,
)
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, class_of, constant, strings

RULE = "size-of-argument"

#: Whether a column is a table's own.
_Own = Callable[[Node], bool]

#: What makes a column that is not a table's own.
_COMPUTED = ("RangeSubselect", "RangeFunction", "RangeTableFunc", "JsonTable", "CommonTableExpr")
#: A comparison whose right side is not a constant: lists of both sides are compared with each other.
_PATH_AGAINST_PATH = re.compile(r"(?:[=<>]=?|!=|<>)[\s(+-]*[@$]|starts\s+with\s*\$")
#: A width in a format that is long, or an argument's.
_WIDE = re.compile(r"%[^%]*?(?:\*|\d{6})")


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Look at calls, operators and casts whose cost is a product.

    :raises Refused: rule ``size-of-argument``.
    """
    own = _own_columns(facts)
    for names, call in facts.functions:
        _check_call(names[-1], call.args or (), own)
    for node in facts.of("A_Expr", "SubLink"):
        _check_operator(node, own)
    for cast in facts.of("TypeCast"):
        if strings(cast.typeName.names)[-1] in PARSED and not _is_small(cast.arg, own):
            raise Refused(RULE, f"what is read as {strings(cast.typeName.names)[-1]} is a short constant")
    for node in facts.of("XmlExpr"):
        if node.op.name == "IS_XMLPARSE" and not _is_small(node.args[0], own):
            raise Refused(RULE, "what is read as xml is a short constant")
    for path in _paths(facts):
        _check_path(path)
    return ()


def _own_columns(facts: Facts) -> _Own:
    """Which columns are surely a table's own: of a name in front that nothing but tables goes by, or all of them."""
    tables = {_name_of(item) for item in facts.of("RangeVar") if item.schemaname}
    computed = {_name_of(item) for item in facts.of("RangeVar") if not item.schemaname}
    computed.update(_name_of(item) for item in facts.of(*_COMPUTED, "JoinExpr"))
    sources = tables - computed
    if not any(name in facts.nodes for name in _COMPUTED):
        return lambda column: True
    return lambda column: len(column.fields) > 1 and getattr(column.fields[-2], "sval", None) in sources


def _none(column: Node) -> bool:
    return False


def _name_of(item: Node) -> str:
    """What an item of FROM goes by; a function goes by its own name where it has no other."""
    if getattr(item, "alias", None) is not None:
        return str(item.alias.aliasname)
    if class_of(item) == "RangeFunction" and class_of(item.functions[0][0]) == "FuncCall":
        return strings(item.functions[0][0].funcname)[-1]
    return str(getattr(item, "relname", None) or getattr(item, "ctename", ""))


def _check_call(name: str, arguments: tuple[Node, ...], own: _Own) -> None:
    for position in MEASURED.get(name, ()):
        if position < len(arguments) and not _is_small(arguments[position], own):
            raise Refused(RULE, f"argument {position + 1} of {name} may be large: nothing would end the call")
    for position in COUNTED.get(name, ()):
        if position < len(arguments) and not _is_count(arguments[position]):
            if name == "polygon" and len(arguments) == 1:
                continue
            raise Refused(RULE, f"argument {position + 1} of {name} is a constant, {MOST} at most")
    if name == "format" and arguments:
        text = _text(arguments[0])
        if text is None or _WIDE.search(text):
            raise Refused(RULE, "the first argument of format is a constant without wide fields")
    if name == "array_fill" and len(arguments) > 1 and not _is_small_shape(arguments[1]):
        raise Refused(RULE, f"an array is filled with {MOST} elements at most, said as ARRAY[…]")
    if name in PATHS and len(arguments) > PATHS[name]:
        _check_path(_text(arguments[PATHS[name]]))


def _check_operator(node: Node, own: _Own) -> None:
    if class_of(node) == "SubLink":
        names, operands = strings(node.operName), (node.testexpr, node.subselect)
    else:
        names, operands = strings(node.name), (node.lexpr, node.rexpr)
    if not names or operands[0] is None:
        return
    operator = names[-1]
    if operator in PATTERNS and not _is_small(operands[1], own):
        raise Refused(RULE, "a pattern of LIKE is a short constant, or made of a table's own columns")
    if operator in OVER_BOTH and not _are_measured(operands, own):
        raise Refused(RULE, f"one operand of {operator} is a short constant: else nothing would end a large one")
    if operator in ("@?", "@@") and class_of(node) == "A_Expr" and not _is_search(node):
        _check_path(_text(operands[1]))


def _is_search(node: Node) -> bool:
    """Whether ``@@`` is about tsvector: the rule for operators has seen to what it may be."""
    return any(_cast_to(side, "tsvector") or _cast_to(side, "tsquery") for side in (node.lexpr, node.rexpr))


def _cast_to(node: Node, name: str) -> bool:
    return class_of(node) == "TypeCast" and strings(node.typeName.names)[-1] == name


def _are_measured(operands: tuple[Node, Node], own: _Own) -> bool:
    """One is a short constant, or both are no more than a table's own columns."""
    return any(_is_small(operand, _none) for operand in operands) or all(_is_small(each, own) for each in operands)


def _is_small(node: Node, own: _Own) -> bool:
    """Whether a value is small by what the text says; columns count where they can only be a table's own."""
    name = class_of(node)
    if name == "ColumnRef":
        return own(node)
    if name == "A_Const":
        return len(str(constant(node) or "")) <= SMALL
    if name == "TypeCast" and strings(node.typeName.names)[-1] in FIXED and not node.typeName.arrayBounds:
        return True
    parts = _parts(node)
    # A parameter's value is the program's own.
    return name == "ParamRef" or (parts is not None and len(parts) <= FEW and all(_is_small(p, own) for p in parts))


def _parts(node: Node) -> tuple[Node, ...] | None:
    """What a value is put together from, where that adds up and does not multiply."""
    name = class_of(node)
    if name in ("TypeCast", "CollateClause"):
        return (node.arg,)
    if name == "A_ArrayExpr":
        return tuple(node.elements or ())
    if name == "RowExpr":
        return tuple(node.args or ())
    if name == "A_Expr" and strings(node.name) == ("||",):
        return (node.lexpr, node.rexpr)
    if name == "FuncCall" and strings(node.funcname)[-1] in ADDING:
        return tuple(node.args or ())
    return None


def _is_count(node: Node) -> bool:
    value = constant(node.arg if class_of(node) == "TypeCast" else node)
    return isinstance(value, int) and value <= MOST


def _is_small_shape(node: Node) -> bool:
    if class_of(node) != "A_ArrayExpr":
        return False
    product = 1
    for part in node.elements or ():
        value = constant(part)
        product *= value if isinstance(value, int) else MOST + 1
    return product <= MOST


def _text(node: Node) -> str | None:
    """A constant text, bare or cast."""
    value = constant(node.arg if class_of(node) == "TypeCast" else node) if node is not None else None
    return value if isinstance(value, str) else None


def _paths(facts: Facts) -> Iterator[str | None]:
    for node in facts.of("JsonFuncExpr"):
        yield _text(node.pathspec)
    for node in facts.of("JsonTablePathSpec"):
        yield _text(node.string)


def _check_path(path: str | None) -> None:
    if path is None:
        raise Refused(RULE, "a jsonpath is a constant")
    if _PATH_AGAINST_PATH.search(path):
        raise Refused(RULE, "a jsonpath compares with constants only: lists of two paths are compared in endless time")
