"""Tables of one's own on both servers, compared without a process of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from support.pair import Pair

from egrow_replica.app.compare import CompareOptions, compare
from egrow_replica.app.context import Context
from egrow_replica.model import QualifiedName, Server
from egrow_replica.results import CompareReport, TableComparison
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence

DEV, PROD = Server.DEV, Server.PROD
SCHEMA = "compared"


@dataclass(frozen=True)
class Found:
    """What ``compare`` said of one table; keys as it shows them."""

    new: tuple[str, ...]
    updated: tuple[str, ...]
    production_only: tuple[str, ...]
    unchanged: int
    changes: tuple[tuple[str, str, str | None, str | None], ...]


def look(pair: Pair, *tables: str, columns: bool = True) -> CompareReport:
    options = CompareOptions(tables=tuple(map(QualifiedName.parse, tables)), rows=True, columns=columns)
    return compare(Context(load_settings(pair.config), Silence()), options)


def found(one: TableComparison) -> Found:
    assert one.keys is not None
    assert (one.new, one.updated, one.production_only) == tuple(
        len(keys) for keys in (one.keys.new, one.keys.updated, one.keys.production_only)
    )
    return Found(
        new=tuple(sorted(one.keys.new)),
        updated=tuple(sorted(one.keys.updated)),
        production_only=tuple(sorted(one.keys.production_only)),
        unchanged=one.unchanged,
        changes=tuple((change.key, change.column, change.production, change.dev) for change in one.changes or ()),
    )


class Bench:
    """A pair whose schema ``compared`` holds the tables of a test."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        pair.use_superuser()

    def table(
        self,
        definition: str,
        dev: Sequence[Sequence[Any]] = (),
        prod: Sequence[Sequence[Any]] = (),
        *,
        on_prod: str | None = None,
        name: str = "t",
        **more: Mapping[str, Any] | list[str],
    ) -> Found:
        """Make the table anew, with these rows, and compare it."""
        for server, columns, rows in ((DEV, definition, dev), (PROD, on_prod or definition, prod)):
            with psycopg.connect(self.pair.lab.admin_dsn(server)) as connection:
                connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA}")
                connection.execute(f"SET search_path = {SCHEMA}, public")
                for statement in columns.split(";")[1:]:
                    connection.execute(statement.encode())
                create = sql.SQL("CREATE TABLE {} ({})").format(sql.Identifier(name), sql.SQL(columns.split(";")[0]))
                connection.execute(create)
                for row in rows:
                    values = sql.SQL(", ").join(map(sql.Literal, row))
                    connection.execute(sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(name), values))
        quoted = name.replace('"', '""')
        self.configure(f'{SCHEMA}."{quoted}"', **more)
        (one,) = look(self.pair).tables
        return found(one)

    def configure(self, *names: str, **more: Any) -> None:
        self.pair.configure(tables={"content": list(names), **more})
