"""A database of one server, filled by its superuser and fingerprinted through the door."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import Connection, sql
from pydantic import SecretStr

from egrow_replica.catalog import Column, Table, read_relations, read_tables
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.evidence.fingerprint import TableFingerprint, Wanted, measure
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server

SEED = 8_071_204_551_003
DATABASE = "fingerprints"


class Place:
    """One database.

    :ivar name: the server, for the ids of tests.
    """

    def __init__(self, name: str, lab: Lab, server: Server) -> None:
        self.name = name
        self.lab = lab.on(DATABASE)
        lab.on("postgres").create_database(server, DATABASE, template="template0")
        self._server = server
        self._connection: Connection[Any] = psycopg.connect(self.lab.admin_dsn(server), autocommit=True)
        self.door = self.open_door()

    @property
    def major(self) -> int:
        return self.door.version // 10000

    def open_door(self, **changes: str) -> Door:
        """A reading door; ``changes`` replace parts of the superuser's connection string."""
        parts = {**self.lab.admin[self._server], **changes}
        dsn = parse_dsn(SecretStr(psycopg.conninfo.make_conninfo("", **parts)), name="prod")
        return connect(dsn, Server.PROD, Policy.reading(), what="test")

    def run(self, *queries: str) -> None:
        for query in queries:
            self._connection.execute(query.encode())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(query.encode()).fetchall()

    def value(self, query: str) -> Any:
        return self.rows(query)[0][0]

    def can(self, query: str) -> bool:
        """Whether the server takes a statement; nothing stays of it."""
        try:
            with self._connection.transaction(force_rollback=True):
                self.run(query)
        except psycopg.Error:
            return False
        return True

    def table(self, name: str, schema: str = "public") -> Table:
        """A table as the catalog has it now."""
        relation = read_relations(self.door)[QualifiedName(schema, name)]
        return read_tables(self.door, [relation])[relation.name]

    def fingerprint(
        self, table: Table, columns: tuple[Column, ...] | None = None, *, door: Door | None = None, seed: int = SEED
    ) -> TableFingerprint:
        chosen = table.columns if columns is None else columns
        return measure([door or self.door], [Wanted(table, chosen)], seed, None)[table.name].fingerprint

    def hash(self, name: str, **options: Any) -> str:
        """The hash of a table, all columns."""
        return self.fingerprint(self.table(name), **options).hash

    def hashes(self, type_name: str, values: list[str]) -> list[str]:
        """The hash of a table with one column and one row, for each value in turn."""
        self.run("DROP TABLE IF EXISTS one", f"CREATE TABLE one (c {type_name})")
        table = self.table("one")
        found = []
        for value in values:
            self.run("TRUNCATE one", f"INSERT INTO one VALUES ({value})")
            found.append(self.fingerprint(table).hash)
        return found

    def close(self) -> None:
        self.door.close()
        self._connection.close()
        self.lab.on("postgres").drop_database(self._server, DATABASE)


def identifier(name: str) -> str:
    return sql.Identifier(name).as_string()
