"""``WITH (name = value, …)`` lists, read into plain values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from egrow_replica.errors import Refused
from egrow_replica.guard.tree import Node, class_of, only, strings


def read_options(rule: str, options: tuple[Node, ...] | None) -> dict[str, Node]:
    """Each option's argument by its name.

    :raises Refused: with the given rule, where a name comes twice, has a namespace, or is a SET/ADD/DROP.
    """
    found: dict[str, Node] = {}
    for option in options or ():
        only(rule, option, "defname", "arg")
        if option.defname in found:
            raise Refused(rule, f"the option {option.defname} is given twice")
        found[option.defname] = option.arg
    return found


def word(argument: Node) -> str:
    """An option's value as PostgreSQL would read it as text: ``true`` where it has none; ``""`` for anything odd."""
    if argument is None:
        return "true"
    value = argument.val if class_of(argument) == "A_Const" else argument
    read = _WORD_OF.get(class_of(value))
    return "" if read is None else read(value)


def _type_word(value: Node) -> str:
    """A bare word in a list of options is parsed as the name of a type."""
    parts = strings(value.names)
    return parts[0] if len(parts) == 1 and not value.typmods and not value.arrayBounds else ""


_WORD_OF: dict[str, Callable[[Node], str]] = {
    "String": lambda value: str(value.sval),
    "Integer": lambda value: str(value.ival or 0),
    "Float": lambda value: str(value.fval),
    "Boolean": lambda value: "true" if value.boolval else "false",
    "TypeName": _type_word,
}


def is_true(value: str) -> bool:
    """PostgreSQL's ``defGetBoolean``."""
    return value.lower() in ("true", "on", "1")


def is_false(value: str) -> bool:
    """PostgreSQL's ``defGetBoolean``."""
    return value.lower() in ("false", "off", "0")


def known_options(rule: str, found: Iterable[str], known: Iterable[str]) -> None:
    """Refuse options that are not listed.

    :raises Refused: with the given rule.
    """
    unknown = set(found) - set(known)
    if unknown:
        raise Refused(rule, f"the option {min(unknown)} is not allowed")
