"""The parse tree: the one module that imports pglast, and what the rest needs to look at its nodes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from enum import Enum
from functools import cache
from typing import Any, TypeAlias

from pglast import ast, enums
from pglast.parser import ParseError
from pglast.parser import Token as _Token
from pglast.parser import parse_plpgsql_json as _parse_plpgsql
from pglast.parser import parse_sql as _parse
from pglast.parser import scan as _scan
from pglast.stream import RawStream

from egrow_replica.errors import Refused

#: pglast has no types; a node is known by its class name and its attributes.
Node: TypeAlias = Any

#: One word or sign of a statement; ``start`` and ``end`` (inclusive) count characters.
Token: TypeAlias = _Token

E = enums
Base = ast.Node


def scan(text: str) -> tuple[Token, ...]:
    """Split a text into tokens.

    :raises Refused: rule ``syntax``; never with a piece of the text, which may be a secret.
    """
    try:
        return tuple(_scan(text))
    except (ParseError, ValueError):
        raise Refused("syntax", "the text cannot be split into words: a quote or a comment is not closed") from None


def parse(text: str) -> Node:
    """The only statement in a text.

    :raises Refused: rule ``syntax`` or ``one-statement``.
    """
    try:
        statements = _parse(text)
    except (ParseError, ValueError):
        raise Refused("syntax", "PostgreSQL's grammar does not know this statement") from None
    if len(statements) != 1:
        raise Refused("one-statement", f"exactly one statement is allowed, the text has {len(statements)}")
    return statements[0].stmt


def parse_all(text: str) -> Iterator[Node]:
    """Yield all statements of a text, of a function's body for instance.

    :raises Refused: rule ``syntax``.
    """
    try:
        statements = _parse(text)
    except (ParseError, ValueError):
        raise Refused("syntax", "its text cannot be parsed") from None
    for statement in statements:
        yield statement.stmt


def parse_plpgsql(definition: str) -> Any:
    """Return what a CREATE FUNCTION's PL/pgSQL is made of, as lists and dicts.

    :raises Refused: rule ``syntax``.
    """
    try:
        return json.loads(_parse_plpgsql(definition))
    except (ParseError, ValueError):
        raise Refused("syntax", "its PL/pgSQL cannot be parsed") from None


def class_of(node: Node) -> str:
    """The node's class name."""
    return type(node).__name__


@cache
def _slots_of(class_name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Attributes that can hold nodes (pointers that are not strings), and all that are not positions in the text."""
    slots: dict[str, Any] = getattr(ast, class_name).__slots__
    nodes = tuple(name for name, info in slots.items() if info.c_type.endswith("*") and info.c_type != "char*")
    return nodes, tuple(name for name, info in slots.items() if info.c_type != "ParseLoc")


def children(node: Node, *, without: tuple[str, ...] = ()) -> Iterator[Node]:
    """Every node directly below this one, lists of any nesting flattened."""
    for slot in _slots_of(class_of(node))[0]:
        value = getattr(node, slot)
        if value is None or slot in without:
            continue
        if isinstance(value, tuple):
            yield from _flatten(value)
        else:
            yield value


def _flatten(values: tuple[Any, ...]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, tuple):
            yield from _flatten(value)
        elif isinstance(value, Base):
            yield value


def only(rule: str, node: Node, *allowed: str) -> None:
    """Refuse a node that uses a clause beyond those allowed, whatever a later grammar adds.

    :raises Refused: with the given rule.
    """
    for slot in _slots_of(class_of(node))[1]:
        if slot not in allowed and _is_set(getattr(node, slot)):
            raise Refused(rule, f"{_words(node)} with {slot} is not allowed")


def _is_set(value: Any) -> bool:
    """C's zero is unset: no pointer, false, the enum's first member, an empty character."""
    if isinstance(value, Enum):
        value = value.value
    return value not in (None, False, 0, "", "\0", ())


def _words(node: Node) -> str:
    return class_of(node).removesuffix("Stmt")


def strings(values: tuple[Node, ...] | None) -> tuple[str, ...]:
    """A dotted name as a tuple of its parts.

    :raises Refused: rule ``name``, where a part is not a plain name.
    """
    parts = tuple(str(value.sval) for value in values or () if isinstance(value, ast.String))
    if len(parts) != len(values or ()):
        raise Refused("name", "a name is not made of plain parts")
    return parts


def name_node(name: str) -> Node:
    """A part of a dotted name."""
    return ast.String(sval=name)


def constant(node: Node) -> str | int | bool | None:
    """The value of a constant; ``None`` for everything else (NULL included)."""
    value = node.val if isinstance(node, ast.A_Const) else node
    if isinstance(value, ast.String):
        return str(value.sval)
    if isinstance(value, ast.Boolean):
        return bool(value.boolval)
    if isinstance(value, ast.Integer):
        return int(value.ival or 0)
    return None


def print_sql(node: Node) -> str:
    """SQL for a tree, without comments, written anew."""
    return str(RawStream()(node))
