"""The fixed statements: one a file under ``sql/``, each with a comment that says why."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import LiteralString

from psycopg import sql

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


def query(name: str, **parts: sql.Composable) -> sql.Composed:
    """The statement in ``sql/<name>.sql``, its ``{placeholders}`` filled with composed ``parts``.

    Values are never parts: they travel as parameters, ``$1``.
    """
    return sql.SQL(_text(name)).format(**parts)
