"""Composing names: always quoted, always schema-qualified."""

from __future__ import annotations

from collections.abc import Iterable

from psycopg.sql import SQL, Composed, Identifier

from egrow_replica.model import QualifiedName


def relation(name: QualifiedName) -> Identifier:
    """``"schema"."name"``."""
    return Identifier(name.schema, name.name)


def columns(names: Iterable[str], prefix: str | None = None) -> Composed:
    """``"a", "b"``, each behind ``prefix.`` where one is given."""
    return SQL(", ").join(Identifier(prefix, name) if prefix else Identifier(name) for name in names)
