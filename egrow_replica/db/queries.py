"""The fixed statements: one a file under ``sql/``, each with a comment that says why."""

from __future__ import annotations

from functools import cache
from typing import LiteralString

from psycopg import sql

from egrow_replica.settings import sql_directory


@cache
def _text(name: str) -> LiteralString:
    lines = (sql_directory() / f"{name}.sql").read_text(encoding="utf-8").splitlines()
    body = "\n".join(line for line in lines if not line.startswith("--")).strip()
    # The project vouches for its own files; that is what LiteralString asks.
    return body.removesuffix(";")


def query(name: str, **parts: sql.Composable) -> sql.Composed:
    """The statement in ``sql/<name>.sql``, its ``{placeholders}`` filled with composed ``parts``.

    Values are never parts: they travel as parameters, ``$1``.
    """
    return sql.SQL(_text(name)).format(**parts)
