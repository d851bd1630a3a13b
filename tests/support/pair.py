"""Two databases, dev and production, of a lab, with a configuration of their own."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import Connection, sql
from pydantic import SecretStr

from egrow_replica.app.context import Context
from egrow_replica.app.setup import SetupAction
from egrow_replica.app.setup import setup as set_up
from egrow_replica.lab.application import Application
from egrow_replica.lab.lab import Lab
from egrow_replica.model import Server
from egrow_replica.settings import load_settings
from egrow_replica.window.listener import Silence
from support.catalogs import differences, read_rows, read_state
from support.command import Result, Running, as_result, run
from support.waiting import wait_until

CONTENT = ("courses", "lessons", "resources", "events", "promotions", "products", "prices")
SIDES = (Server.DEV, Server.PROD)

_numbers = itertools.count(1)


@contextmanager
def open_directory() -> Iterator[Path]:
    """A directory that the servers' user can pass through, unlike pytest's own when we are root."""
    directory = Path(tempfile.mkdtemp(prefix="egrow-test-"))
    directory.chmod(0o755)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


class Pair:
    """Dev and production of one test.

    :ivar lab: as the lab knows this pair's databases: its DSNs lead to them.
    :ivar config: the configuration file; :meth:`configure` rewrites it.
    :ivar owns: the databases that are its own, and go with it.
    """

    def __init__(
        self, lab: Lab, directory: Path, *, roles: frozenset[str], owns: tuple[Server, ...] = tuple(Server)
    ) -> None:
        self.lab = lab
        self.owns = owns
        self.directory = directory
        self.config = directory / "egrow-replica.toml"
        self.roles = roles
        self.tables: dict[str, Any] = {"preset": "egrow-academy"}
        self.logins = {"dev": lab.dev_dsn, "prod": lab.prod_dsn, "stream": lab.stream_dsn}
        self.sections: dict[str, dict[str, Any]] = {}
        self.configure()

    @property
    def database(self) -> str:
        return self.lab.admin[Server.PROD]["dbname"]

    # ------------------------------------------------------------------------------------------------- configuration

    def configure(
        self,
        *,
        logins: Mapping[str, str] | None = None,
        tables: Mapping[str, Any] | None = None,
        **sections: Mapping[str, Any],
    ) -> None:
        """Write the configuration: what is not given stays as it was."""
        self.logins |= logins or {}
        self.tables = dict(tables) if tables is not None else self.tables
        self.sections |= {name: dict(values) for name, values in sections.items()}
        whole = {
            "dev": {"dsn": self.logins["dev"], "from_production_dsn": self.logins["stream"]},
            "prod": {"dsn": self.logins["prod"]},
            "tables": self.tables,
            "backup": {"directory": "backups", "bin_dir": str(self.lab.bin_dir)},
            "window": {"catchup_timeout": "30s"},
        }
        for name, values in self.sections.items():
            whole[name] = {**whole.get(name, {}), **values}
        self.config.write_text(to_toml(whole), encoding="utf-8")
        self.config.chmod(0o600)

    def use_superuser(self) -> None:
        """From now on both connections are the superuser's."""
        self.configure(logins={"dev": self.lab.dev_admin_dsn, "prod": self.lab.prod_admin_dsn})

    def set_up(self) -> None:
        """The operator's roles and privileges, for the tables of the configuration, whoever owns them."""
        admins = {server: SecretStr(self.lab.admin_dsn(server)) for server in SIDES}
        set_up(Context(load_settings(self.config), Silence()), SetupAction.APPLY, admins, lambda _: True)

    @property
    def is_used(self) -> bool:
        """Whether a window was ever opened here."""
        # The journal is setup's to make; a window writes into it.
        if self.value(Server.PROD, "SELECT to_regclass('egrow_replica.window')") is None:
            return False
        return bool(self.value(Server.PROD, "SELECT EXISTS (SELECT FROM egrow_replica.window)"))

    @property
    def backups(self) -> Path:
        return self.directory / "backups"

    # --------------------------------------------------------------------------------------------------- command line

    def cli(self, *arguments: str, env: Mapping[str, str] | None = None, seconds: float = 90.0) -> Result:
        """Run a command with this pair's configuration, answers confirmed, and look at its JSON."""
        return run(self._arguments(arguments), directory=self.directory, env=env, seconds=seconds)

    def ok(self, *arguments: str, env: Mapping[str, str] | None = None) -> Result:
        """As :meth:`cli`; it has to succeed."""
        result = self.cli(*arguments, env=env)
        assert result.exit_code == 0, str(result)
        return result

    def start(self, *arguments: str, env: Mapping[str, str] | None = None) -> Running:
        """Start a command and do not wait for it."""
        return Running(self._arguments(arguments), directory=self.directory, env=env)

    def _arguments(self, arguments: Sequence[str]) -> list[str]:
        return ["--config", str(self.config), "--json", "--yes", *arguments]

    # ------------------------------------------------------------------------------------------------------------ SQL

    @contextmanager
    def connect(self, server: Server, *, dsn: str | None = None) -> Iterator[Connection[Any]]:
        """A superuser's connection, each statement a transaction."""
        with psycopg.connect(dsn or self.lab.admin_dsn(server), autocommit=True) as connection:
            yield connection

    def dev_sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement on dev as the superuser; its rows."""
        return self.run_sql(Server.DEV, query, *parameters)

    def prod_sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement on production as the superuser; its rows."""
        return self.run_sql(Server.PROD, query, *parameters)

    def both_sql(self, query: str) -> None:
        """Run statements on both."""
        for server in SIDES:
            self.run_sql(server, query)

    def run_sql(self, server: Server, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with self.connect(server) as connection:
            cursor = connection.execute(query, parameters or None)  # type: ignore[call-overload]
            rows: list[tuple[Any, ...]] = cursor.fetchall() if cursor.description else []
            return rows

    def value(self, server: Server, query: str, *parameters: Any) -> Any:
        rows = self.run_sql(server, query, *parameters)
        return rows[0][0] if rows else None

    @contextmanager
    def holding(self, server: Server, *queries: str) -> Iterator[Connection[Any]]:
        """An open transaction that has done something; rolled back at the end unless the block ended it."""
        with psycopg.connect(self.lab.admin_dsn(server)) as connection:
            try:
                for query in queries:
                    connection.execute(query)
                yield connection
            finally:
                if not connection.closed:
                    connection.rollback()

    # ---------------------------------------------------------------------------------------------------- the people

    @contextmanager
    def application(self, **options: Any) -> Iterator[Application]:
        """People who use production the whole time; in the end every acknowledged write has to be there."""
        with Application.start(self.lab.application_dsn, bin_dir=self.lab.bin_dir, **options) as application:
            application.wait_for_writes(5)
            yield application
        application.check()
        assert application.failures == 0

    # ---------------------------------------------------------------------------------------------------- what stayed

    def state(self) -> dict[str, Any]:
        """Both servers, entirely."""
        found: dict[str, Any] = {}
        for server in SIDES:
            with self.connect(server) as connection:
                found |= {f"{server}: {name}": value for name, value in read_state(connection).items()}
        return found

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever the block does, both servers are exactly as they were afterwards."""
        before = self.state()
        yield
        wait_until(lambda: not self.sessions(), 10, what="the end of our sessions")
        assert differences(before, self.state()) == []

    def content(self, server: Server = Server.PROD, tables: Iterable[str] = CONTENT) -> dict[str, Any]:
        """A hash of each content table."""
        with self.connect(server) as connection:
            return {table: read_rows(connection, "public", table) for table in tables}

    def sessions(self) -> list[str]:
        """Connections of ours, on both servers."""
        return [
            f"{server}: {name} ({query})"
            for server in SIDES
            for name, query in self.run_sql(
                server,
                "SELECT application_name, query FROM pg_stat_activity"
                " WHERE application_name LIKE 'egrow%' AND datname = current_database()",
            )
        ]

    def leftovers(self) -> list[str]:
        """What a window may have left on either server, the journal aside."""
        wait_until(lambda: not self.sessions(), 10, what="the end of our sessions")
        return [f"{server}: {kind} {name}" for server in SIDES for kind, name in self._objects(server)]

    def _objects(self, server: Server) -> Iterator[tuple[str, str]]:
        for kind, query in _OBJECTS.items():
            for (name,) in self.run_sql(server, query):
                yield kind, name
        for (role,) in self.run_sql(server, "SELECT rolname FROM pg_roles"):
            if role not in self.roles:
                yield "role", role
        if server is Server.DEV:
            for (schema,) in self.run_sql(server, "SELECT nspname FROM pg_namespace WHERE nspname = 'egrow_replica'"):
                yield "schema", schema

    def journal(self, window: str) -> tuple[str, list[tuple[str, str]]]:
        """State of a window and its steps so far, as production's journal has them; nothing before there is one."""
        if self.value(Server.PROD, "SELECT to_regclass('egrow_replica.step')") is None:
            return "", []
        state = self.value(Server.PROD, "SELECT state FROM egrow_replica.window WHERE name = %s", window)
        steps = self.run_sql(
            Server.PROD, "SELECT step, status FROM egrow_replica.step WHERE window_name = %s ORDER BY id", window
        )
        return state or "", [(step, status) for step, status in steps]

    def common(self, window: str) -> str:
        """The name of a window's objects on both servers."""
        id_ = self.value(Server.PROD, "SELECT setting->>'id' FROM egrow_replica.window WHERE name = %s", window)
        return f"egrow_{window.replace('-', '_')}_{id_}"

    # ------------------------------------------------------------------------------------------------------------ end

    def drop(self) -> None:
        """Take away both databases and whatever a failed test left in them."""
        for server in self.owns:  # a window may have been opened the wrong way round
            self._drop_subscriptions(server)
        for server in self.owns:
            database = self.lab.admin[server]["dbname"]
            with self.connect(server, dsn=self.lab.on("postgres").admin_dsn(server)) as connection:
                wait_until(lambda c=connection, d=database: self._drop_slots(c, d), 30, what="the end of the slots")
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))
                for (origin,) in connection.execute(
                    "SELECT roname FROM pg_replication_origin WHERE roname LIKE 'egrow%'"
                ).fetchall():
                    connection.execute("SELECT pg_replication_origin_drop(%s)", [origin])
        shutil.rmtree(self.directory, ignore_errors=True)

    def _drop_subscriptions(self, server: Server) -> None:
        with self.connect(server) as connection:
            for (name,) in connection.execute(_OBJECTS["subscription"]).fetchall():
                for action in ("DISABLE", "SET (slot_name = NONE)"):
                    connection.execute(
                        sql.SQL("ALTER SUBSCRIPTION {} {}").format(sql.Identifier(name), sql.SQL(action))
                    )
                connection.execute(sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(name)))

    def _drop_slots(self, connection: Connection[Any], database: str) -> bool:
        slots = connection.execute(
            "SELECT slot_name, active_pid FROM pg_replication_slots"
            " WHERE database = %s OR (database IS NULL AND slot_name LIKE 'egrow%%')",
            [database],
        ).fetchall()
        for name, pid in slots:
            if pid is None:
                connection.execute("SELECT pg_drop_replication_slot(%s)", [name])
            else:
                connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        return not slots


_OBJECTS = {
    "slot": "SELECT slot_name FROM pg_replication_slots WHERE database = current_database() OR database IS NULL",
    "publication": "SELECT pubname FROM pg_publication",
    "subscription": "SELECT subname FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
    " WHERE d.datname = current_database()",
    "origin": "SELECT roname FROM pg_replication_origin WHERE roname LIKE 'egrow%'"
    " OR roname NOT IN (SELECT 'pg_' || oid FROM pg_subscription)",
    "temporary object": "SELECT relname FROM pg_class WHERE relpersistence = 't' AND relkind <> 't'",
    "lock": "SELECT classid::text || '/' || objid FROM pg_locks l JOIN pg_database d ON d.oid = l.database"
    " WHERE locktype = 'advisory' AND d.datname = current_database()",
    "prepared transaction": "SELECT gid FROM pg_prepared_xacts WHERE database = current_database()",
}


def make_pair(
    lab: Lab, *, roles: frozenset[str], template: str = "academy", set_up: bool = True, name: str | None = None
) -> Pair:
    """A fresh pair of databases, copied on both servers; everything that setup makes is there."""
    database = name or f"w{next(_numbers)}"
    for server in SIDES:
        lab.create_database(server, database, template=template)
    directory = lab.directory.parent / f"{next(_numbers)}-{os.getpid()}"
    directory.mkdir()
    pair = Pair(lab.on(database), directory, roles=roles)
    if set_up:
        pair.set_up()
    return pair


def further_production(pair: Pair, *, template: str = "academy") -> Pair:
    """One more production, in a database of its own, fed by the dev of a pair; it ends before that pair does."""
    database = f"w{next(_numbers)}"
    pair.lab.create_database(Server.PROD, database, template=template)
    admin = {**pair.lab.admin, Server.PROD: {**pair.lab.admin[Server.PROD], "dbname": database}}
    directory = pair.directory.parent / f"{next(_numbers)}-{os.getpid()}"
    directory.mkdir()
    made = Pair(pair.lab.model_copy(update={"admin": admin}), directory, roles=pair.roles, owns=(Server.PROD,))
    made.set_up()
    return made


def to_toml(values: Mapping[str, Mapping[str, Any]]) -> str:
    """Enough of TOML for a configuration; JSON's strings are TOML's."""
    lines = []
    for section, keys in values.items():
        lines.append(f"[{section}]")
        for key, value in keys.items():
            lines.append(f"{json.dumps(key, ensure_ascii=False)} = {_toml_value(value)}")
    return "\n".join(lines) + "\n"


def _toml_value(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{json.dumps(key, ensure_ascii=False)} = {_toml_value(one)}" for key, one in value.items())
        return "{ " + inner + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


__all__ = ["CONTENT", "SIDES", "Pair", "as_result", "further_production", "make_pair", "open_directory", "to_toml"]
