"""The fixed statements: one a file under ``sql/``, each with a comment that says why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import LiteralString, TypeAlias

from psycopg import sql

from egrow_replica.db.expressions import Expression, written
from egrow_replica.settings import sql_directory


@cache
def _texts() -> dict[str, LiteralString]:
    """All of them, read at once: a window takes long, and an upgrade in the middle must not give it others."""
    files = (path for path in sql_directory().glob("*/*.sql") if path.parent.name != "academy")
    return {f"{path.parent.name}/{path.stem}": _body(path) for path in files}


def _body(path: Path) -> LiteralString:
    lines = path.read_text(encoding="utf-8").splitlines()
    body = "\n".join(line for line in lines if not line.startswith("--")).strip()
    # The project vouches for its own files; that is what LiteralString asks.
    return body.removesuffix(";")


def _text(name: str) -> LiteralString:
    return _texts()[name]


#: What fills a place of a fixed statement: a name or a list of names; or what is computed, one or several of it.
Part: TypeAlias = sql.Composable | Expression | Sequence[Expression]


def query(name: str, **parts: Part) -> sql.Composed:
    """The statement in ``sql/<name>.sql``, its ``{placeholders}`` filled with ``parts``.

    Values are never parts: they travel as parameters, ``$1``.
    """
    return sql.SQL(_text(name)).format(**{place: _composed(part) for place, part in parts.items()})


def _composed(part: Part) -> sql.Composable:
    return part if isinstance(part, sql.Composable) else written(part)
