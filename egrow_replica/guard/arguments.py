"""Constants where a rule insists on one: what is computed while the statement runs cannot be judged before."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.limits import MAX_IDENTIFIER_BYTES
from egrow_replica.guard.tree import Node, class_of, constant, only, strings
from egrow_replica.model import QualifiedName

_TEXT_TYPES = frozenset({"text", "name", "regclass", "varchar"})


def text_argument(rule: str, call: Node, position: int = 0) -> str:
    """A constant text handed to a function, bare or cast to a type that keeps it.

    :raises Refused: with the given rule, for everything else and for calls with DISTINCT, FILTER, OVER, VARIADIC.
    """
    only(rule, call, "funcname", "args", "funcformat")
    arguments = call.args or ()
    value: Node = arguments[position] if position < len(arguments) else None
    longest = None
    if class_of(value) == "TypeCast" and _is_text(value.typeName):
        longest = MAX_IDENTIFIER_BYTES if strings(value.typeName.names)[-1] == "name" else None
        value = value.arg
    text = constant(value) if class_of(value) == "A_Const" else None
    if not isinstance(text, str):
        raise Refused(rule, "the name must be a constant text")
    if longest is not None and len(text.encode()) > longest:
        raise Refused(rule, "the name is longer than its type: it would be cut, to the name of something else")
    return text


def check_fixed(rule: str, call: Node) -> None:
    """See that all arguments are there before the statement runs: numbers, texts and parameters, not what rows hold.

    :raises Refused: with the given rule, also for calls with DISTINCT, FILTER, OVER, VARIADIC.
    """
    only(rule, call, "funcname", "args", "funcformat")
    for argument in call.args or ():
        value = argument.arg if class_of(argument) == "TypeCast" else argument
        if class_of(value) not in ("A_Const", "ParamRef"):
            raise Refused(rule, "the arguments must be constants or parameters")


def _is_text(type_name: Node) -> bool:
    names = strings(type_name.names)
    plain = not type_name.arrayBounds and not type_name.typmods  # varchar(3) would cut the name
    return plain and names[-1] in _TEXT_TYPES and names[:-1] in ((), ("pg_catalog",))


def relation_in(rule: str, text: str) -> QualifiedName:
    """The relation that PostgreSQL's ``regclass`` reads from a text.

    Unquoted parts are folded to lower case. Anything that is not exactly two names is refused: a bare name depends on
    the search path, digits are an oid.

    :raises Refused: with the given rule.
    """
    parts: list[str] = []
    rest = text.strip(" \t\n\r\f\v")
    while True:
        part, rest = _part(rule, rest)
        parts.append(part)
        rest = rest.lstrip(" \t\n\r\f\v")
        if not rest:
            break
        if not rest.startswith("."):
            raise Refused(rule, "the name of a relation is not schema.name")
        rest = rest[1:].lstrip(" \t\n\r\f\v")
    if len(parts) != 2:
        raise Refused(rule, "the name of a relation is not schema.name")
    return QualifiedName(*parts)


def _part(rule: str, text: str) -> tuple[str, str]:
    if text.startswith('"'):
        end = 1
        while True:
            end = text.find('"', end)
            if end < 0:
                raise Refused(rule, "a quote in the name of a relation is not closed")
            if not text.startswith('""', end):
                break
            end += 2
        part, rest = text[1:end].replace('""', '"'), text[end + 1 :]
    else:
        end = next((place for place, sign in enumerate(text) if sign in '. \t\n\r\f\v"'), len(text))
        part, rest = _fold(text[:end]), text[end:]
    if not part or len(part.encode()) > MAX_IDENTIFIER_BYTES:
        raise Refused(rule, "a part of the name of a relation is empty or too long")
    return part, rest


def _fold(part: str) -> str:
    """ASCII only, as PostgreSQL does under UTF-8."""
    return "".join(chr(ord(sign) + 32) if "A" <= sign <= "Z" else sign for sign in part)
