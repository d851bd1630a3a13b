"""The SQL of remedies: for a person to read and to run, never sent by the controller. Names are quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from egrow_replica.db import Identifier, Literal
from egrow_replica.model import QualifiedName

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*\Z")


def name(identifier: str) -> str:
    """An identifier.

    >>> name('a"b')
    '"a""b"'
    """
    return Identifier(identifier).as_string(None)


def table(qualified: QualifiedName) -> str:
    """A relation's name, with its schema; without quotes where a person would write none.

    >>> table(QualifiedName("public", "order")), table(QualifiedName("public", "Order"))
    ('public.order', 'public."Order"')
    """
    # Behind a dot a keyword is a name too.
    schema = qualified.schema if qualified.schema == "public" else name(qualified.schema)
    return f"{schema}.{qualified.name if _PLAIN.match(qualified.name) else name(qualified.name)}"


def text(value: str) -> str:
    """A string constant.

    >>> text("it's")
    "'it''s'"
    """
    return Literal(value).as_string(None).strip()


def alter_table(qualified: QualifiedName, *actions: str) -> str:
    """``ALTER TABLE …`` with some actions at once."""
    return f"ALTER TABLE {table(qualified)} {', '.join(actions)};"


def names(identifiers: Iterable[str]) -> str:
    """A list of columns."""
    return ", ".join(name(one) for one in identifiers)
