"""Real servers, one schema a case, and words for what a case expects and what the server really does."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from pydantic import SecretStr

from egrow_replica.catalog.scope import Scope, content_table
from egrow_replica.catalog.tables import read_owned_sequences, read_relations, read_tables
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.effects.checks import validate_effects, validate_window
from egrow_replica.effects.facts import Command, EffectFacts, Mode
from egrow_replica.effects.findings import Finding
from egrow_replica.effects.read import read_effects
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server

#: Debian's, for what differs between versions.
OLD = Path("/usr/lib/postgresql/15/bin")

LETTERS = {"i": Command.INSERT, "u": Command.UPDATE, "k": Command.UPDATE_KEY, "d": Command.DELETE}

BASE = """
CREATE TABLE {s}.courses (id int PRIMARY KEY, title text, slug text, price numeric, "updatedAt" timestamptz);
CREATE TABLE {s}.lessons (id int PRIMARY KEY, course int, title text);
CREATE TABLE {s}.users (id int PRIMARY KEY, name text);
CREATE TABLE {s}.audit (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text);
INSERT INTO {s}.courses SELECT n, 'title', 'slug' || n FROM generate_series(1, 3) AS n;
INSERT INTO {s}.lessons VALUES (1, 1, 'lesson');
INSERT INTO {s}.users VALUES (1, 'ana'), (2, 'bo');
"""

#: What is done to ``courses`` for each command; row 2 is nobody's.
WRITES = {
    Command.INSERT: "INSERT INTO {t} (id, title, slug) VALUES (9, 'new', 'nine')",
    Command.UPDATE: "UPDATE {t} SET title = 'other', slug = 's', \"updatedAt\" = '2020-01-01' WHERE id = 1",
    Command.UPDATE_KEY: "UPDATE {t} SET id = 11 WHERE id = 1",
    Command.DELETE: "DELETE FROM {t} WHERE id = 1",
}


@dataclass(frozen=True)
class Case:
    """Something planted on ``courses``.

    :ivar refused: mode → the commands (letters of ``LETTERS``) that must be refused.
    :ivar ids: ids of findings that must be there in the window, besides.
    :ivar blind: refused because it is not understood: the server may well write nothing.
    """

    name: str
    sql: str
    refused: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] = ()
    blind: bool = False
    since: int = 15
    alone: bool = False


@dataclass(frozen=True)
class World:
    """One server."""

    lab: Lab
    database: str

    @contextmanager
    def admin(self, database: str | None = None) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        dsn = self.lab.on(database or self.database).prod_admin_dsn
        with psycopg.connect(dsn, autocommit=True) as connection:
            yield connection

    @contextmanager
    def door(self, dsn: str | None = None) -> Iterator[Door]:
        secret = SecretStr(dsn or self.lab.on(self.database).prod_admin_dsn)
        with connect(parse_dsn(secret, name="prod"), Server.PROD, Policy.reading(), what="test") as door:
            yield door

    def run(self, *statements: str) -> None:
        with self.admin() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def plant(self, case: Case) -> str:
        schema = f"c{next(_numbers)}"
        self.run(f"CREATE SCHEMA {schema}", BASE.replace("{s}", schema), case.sql.replace("{s}", schema))
        return schema

    def on(self, database: str) -> World:
        return World(self.lab, database)


#: Makes every trigger of a foreign key on a table fire always, as only a superuser can.
ALWAYS = """
DO $d$ DECLARE t record; BEGIN
  FOR t IN SELECT tgname FROM pg_catalog.pg_trigger WHERE tgrelid = '{table}'::regclass AND tgisinternal LOOP
    EXECUTE format('ALTER TABLE {table} ENABLE ALWAYS TRIGGER %I', t.tgname);
  END LOOP; END $d$;
"""

_numbers = itertools.count(1)


@contextmanager
def a_world(bin_dir: Path | None = None) -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="egrow-test-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        with Lab.start(directory / "lab", bin_dir=bin_dir, load=False) as lab:
            yield World(lab, "academy")


def scope_of(door: Door, *names: str, own: tuple[str, ...] = ()) -> Scope:
    relations = read_relations(door)
    wanted = [relations[QualifiedName.parse(name)] for name in names]
    tables = read_tables(door, wanted)
    content = [content_table(table, table, own, None) for table in tables.values()]
    found = tuple(table for table in content if table is not None)
    sequences = tuple(read_owned_sequences(door, [table.oid for table in found]))
    return Scope(tables=found, sequences=sequences, foreign_keys=())


def facts_of(world: World, schema: str, own: tuple[str, ...] = ("price",)) -> EffectFacts:
    with world.door() as door:
        scope = scope_of(door, f"{schema}.courses", f"{schema}.lessons", own=own)
        return read_effects(door, scope, modes=tuple(Mode))


def refused_by_guard(facts: EffectFacts) -> dict[str, str]:
    """Mode → letters of the commands that have a refused finding about ``courses``."""
    found = {}
    for mode in Mode:
        letters = [
            letter
            for letter, command in LETTERS.items()
            if any(
                one.refused and one.subject.endswith(".courses")
                for one in validate_effects(facts, mode=mode, commands=frozenset({command}))
            )
        ]
        if letters:
            found[mode.value] = "".join(letters)
    return found


def window_findings(facts: EffectFacts) -> tuple[Finding, ...]:
    return validate_window(facts, deletes=True)


_WRITTEN = """
SELECT relid::regclass::text FROM pg_catalog.pg_stat_xact_all_tables
 WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND schemaname !~ '^pg_'
   AND relid <> ALL (%s::oid[])
"""


def written_by_server(world: World, facts: EffectFacts, table: str) -> dict[tuple[Mode, Command], list[str]]:
    """Tables outside content that the server itself wrote, for every command; none where the write failed."""
    content = {table.oid for table in facts.content}
    while more := {link.child for link in facts.inheritance if link.partition and link.parent in content} - content:
        content |= more
    with world.admin() as connection:
        connection.execute("SET search_path = ''")
        return {
            (mode, command): _written(connection, WRITES[command].replace("{t}", table), mode, content)
            for mode in (Mode.REPLICA, Mode.ORDINARY)
            for command in Command
        }


def _written(connection: psycopg.Connection[Any], change: str, mode: Mode, content: set[int]) -> list[str]:
    connection.execute("SELECT pg_stat_force_next_flush()")  # what was rolled back before would be counted too
    with connection.transaction(force_rollback=True):
        if mode is Mode.REPLICA:
            connection.execute("SET LOCAL session_replication_role = replica")
        try:
            with connection.transaction():
                connection.execute(change.encode())
                connection.execute("SET CONSTRAINTS ALL IMMEDIATE")
        except psycopg.Error:
            return []
        return [row[0] for row in connection.execute(_WRITTEN, [list(content)]).fetchall()]


def show(findings: tuple[Finding, ...]) -> str:
    return "\n".join(f"[{one.severity}] {one.id} {one.subject}: {one.message}: {one.chain}" for one in findings)
