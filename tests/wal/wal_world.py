"""A production with users, content and a journal, and words for who writes it and what its WAL says."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from egrow_replica.catalog import Scope, content_table, read_owned_sequences, read_relations, read_tables
from egrow_replica.db import Door, connect, parse_dsn
from egrow_replica.evidence.wal import (
    Mark,
    OurOrigin,
    TableWrites,
    WalFindings,
    WalGone,
    WalState,
    WalUnavailable,
    examine,
    mark,
    read_wal,
    settle,
)
from egrow_replica.guard import Policy
from egrow_replica.lab.lab import Lab
from egrow_replica.model import QualifiedName, Server

TEMPLATE = "wal_template"
ORIGIN = "egrow_test"
OTHER_ORIGIN = "somebody"
OPERATOR = "wal_operator"
PASSWORD = "secret"

SCHEMA = """
CREATE SCHEMA app;
CREATE TABLE app.users (id int PRIMARY KEY, name text, bio text);
ALTER TABLE app.users ALTER bio SET STORAGE EXTERNAL;
CREATE TABLE app.enrollments (id serial PRIMARY KEY, user_id int, course_id int);
CREATE TABLE app.quiet (id int PRIMARY KEY, name text);
CREATE UNLOGGED TABLE app.unlogged (id int);
CREATE TABLE app.courses (id serial PRIMARY KEY, title text, body text);
ALTER TABLE app.courses ALTER body SET STORAGE EXTERNAL;
CREATE TABLE app.lessons (id int PRIMARY KEY, title text) PARTITION BY RANGE (id);
CREATE TABLE app.lessons_1 PARTITION OF app.lessons FOR VALUES FROM (0) TO (100);
CREATE TABLE app.lessons_2 PARTITION OF app.lessons FOR VALUES FROM (100) TO (200);
CREATE MATERIALIZED VIEW app.summary AS SELECT pg_catalog.count(*) FROM app.users;
CREATE SEQUENCE app.loose;
INSERT INTO app.users SELECT i, 'user ' || i, repeat('b', 5000) FROM generate_series(1, 10) AS i;
INSERT INTO app.enrollments (user_id, course_id) SELECT i, i FROM generate_series(1, 10) AS i;
INSERT INTO app.quiet VALUES (1, 'still');
INSERT INTO app.courses (title, body) SELECT 'course ' || i, repeat('c', 5000) FROM generate_series(1, 10) AS i;
INSERT INTO app.lessons SELECT i, 'lesson' FROM generate_series(1, 150, 10) AS i;
CREATE SCHEMA egrow_replica;
CREATE TABLE egrow_replica.step (id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, detail text);
ALTER TABLE egrow_replica.step ALTER detail SET STORAGE EXTERNAL;
CREATE SCHEMA egrow_ext;
CREATE EXTENSION pg_walinspect SCHEMA egrow_ext;
GRANT USAGE ON SCHEMA egrow_ext, app TO wal_operator;
GRANT EXECUTE ON FUNCTION egrow_ext.pg_get_wal_records_info(pg_lsn, pg_lsn) TO wal_operator;
"""


def deadline(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return value


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that the servers' user can pass through."""
    with tempfile.TemporaryDirectory(prefix="egrow-wal-", ignore_cleanup_errors=True) as name:
        directory = Path(name)
        directory.chmod(0o755)
        yield directory


def prepare(lab: Lab) -> None:
    """Roles, origins and the template, once for each server."""
    lab.psql(
        Server.PROD,
        f"CREATE ROLE {OPERATOR} LOGIN PASSWORD '{PASSWORD}';"
        f"SELECT pg_replication_origin_create('{ORIGIN}'), pg_replication_origin_create('{OTHER_ORIGIN}');",
    )
    lab.create_database(Server.PROD, TEMPLATE, template="template1")
    lab.on(TEMPLATE).psql(Server.PROD, SCHEMA)


Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass
class World:
    """One database of a lab's production."""

    lab: Lab
    name: str
    _open: list[Connection] = field(default_factory=list)

    @property
    def admin_dsn(self) -> str:
        return self.lab.on(self.name).admin_dsn(Server.PROD)

    def connect(self, origin: str | None = None) -> Connection:
        connection = psycopg.connect(self.admin_dsn, autocommit=True)
        self._open.append(connection)
        if origin:
            # The server frees an origin a moment after its session has ended.
            connection.execute("SET lock_timeout = '10s'")
            deadline(lambda: _take_origin(connection, origin), "the origin is free")
        return connection

    def close(self) -> None:
        for connection in self._open:
            connection.close()

    def local(self, *statements: str) -> None:
        """Run statements as the application would, each its own transaction unless it says BEGIN."""
        with psycopg.connect(self.admin_dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def ours(self, *statements: str, origin: str = ORIGIN) -> None:
        """Run statements on a connection that carries our origin."""
        with self.session(origin) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    @contextmanager
    def session(self, origin: str | None = None) -> Iterator[Connection]:
        connection = self.connect(origin)
        try:
            yield connection
        finally:
            connection.close()

    @contextmanager
    def door(self, user: str = OPERATOR) -> Iterator[Door]:
        conninfo = make_conninfo(self.admin_dsn, user=user, password=PASSWORD)
        dsn = parse_dsn(SecretStr(conninfo), name="prod")
        with connect(dsn, Server.PROD, Policy.for_evidence(), what="wal") as door:
            yield door

    @cached_property
    def scope(self) -> Scope:
        with self.admin_door() as door:
            names = [QualifiedName("app", "courses"), QualifiedName("app", "lessons")]
            relations = read_relations(door)
            tables = read_tables(door, [relations[name] for name in names])
            content = [content_table(tables[name], tables[name], (), None) for name in names]
            sequences = read_owned_sequences(door, [table.relation.oid for table in tables.values()])
            return Scope(tables=tuple(one for one in content if one), sequences=tuple(sequences), foreign_keys=())

    @contextmanager
    def admin_door(self) -> Iterator[Door]:
        dsn = parse_dsn(SecretStr(self.admin_dsn), name="prod")
        with connect(dsn, Server.PROD, Policy.for_evidence(), what="wal") as door:
            yield door

    def begin(self, seconds: float = 20) -> WalState:
        assert self.scope.tables  # read now: later somebody may hold a lock
        with self.door() as door:
            state = settle(door, mark(door), self.scope, seconds=seconds)
        assert isinstance(state, WalState), state
        return state

    def begin_without_waiting(self, begun: Mark) -> WalState:
        with self.door() as door:
            own = door.value("SELECT pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())::text::int8")
            state = settle(door, begun.model_copy(update={"transaction": own - 1}), self.scope, seconds=0)
        assert isinstance(state, WalState), state
        return state.model_copy(update={"transaction": begun.transaction})

    def try_read(self, state: WalState, **more: Any) -> WalState | WalGone | WalUnavailable:
        with self.door() as door:
            return read_wal(door, state, mark(door), self.scope, **more)

    def read(self, state: WalState, **more: Any) -> WalState:
        after = self.try_read(state, **more)
        assert isinstance(after, WalState), after
        # What the journal stores is all that a later command knows.
        return WalState.model_validate_json(after.model_dump_json())

    def origin_number(self, name: str = ORIGIN) -> int:
        with psycopg.connect(self.admin_dsn) as connection:
            row = connection.execute("SELECT pg_replication_origin_oid(%s)::int8", [name]).fetchone()
        assert row
        return int(row[0])

    def examine(self, state: WalState, since: str = "0/0") -> WalFindings:
        with self.door() as door:
            return examine(door, state, self.scope, {self.origin_number(): OurOrigin(name=ORIGIN, since=since)})

    def findings(self, state: WalState, **more: Any) -> WalFindings:
        return self.examine(self.read(state, **more))


def _take_origin(connection: Connection, origin: str) -> bool:
    try:
        connection.execute("SELECT pg_replication_origin_session_setup(%s)", [origin])
    except psycopg.errors.ObjectInUse:
        return False
    return True


def writes_of(findings: WalFindings, name: str) -> TableWrites:
    """What is known of a table of the schema ``app``."""
    (found,) = [one for one in findings.tables if one.table == QualifiedName("app", name)]
    return found


def touched(findings: WalFindings) -> set[str]:
    return {str(write.relation) for write in findings.touched}


def untouched(findings: WalFindings) -> set[str]:
    return {str(table.table) for table in findings.tables if table.untouched}
