"""The lab: two real servers with the academy on them, described by a value and owned by a keeper."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

from pydantic import Field, PrivateAttr, ValidationError

from egrow_replica.errors import EgrowError, ServerUnavailable, StatementFailed, UsageError, WrongState
from egrow_replica.lab import conninfo
from egrow_replica.lab.academy import database_identity, load_both, refuse_unless_empty, unload_academy
from egrow_replica.lab.binaries import find_bin_dir
from egrow_replica.lab.config import (
    configuration_text,
    refuse_foreign_configuration,
    remove_configuration,
    write_configuration,
    write_environment,
)
from egrow_replica.lab.keeping import KeeperLink
from egrow_replica.lab.processes import wait_until
from egrow_replica.lab.psql import psql
from egrow_replica.lab.remains import Record, claim, write_private
from egrow_replica.lab.status import LabStatus, read_status
from egrow_replica.model import Model, Server

DATABASE: Final = "academy"
OPERATOR: Final = "egrow_operator"
STREAM: Final = "egrow_stream"
APPLICATION: Final = "academy_app"

_STATE: Final = "lab.json"
_DOWN_SECONDS: Final = 40.0


class Passwords(Model):
    """One lab's passwords, drawn for it."""

    operator: str = Field(repr=False)
    stream: str = Field(repr=False)
    application: str = Field(repr=False)

    @classmethod
    def draw(cls) -> Passwords:
        """New ones."""
        return cls(**{name: secrets.token_hex(16) for name in cls.model_fields})


class Lab(Model):
    """Two servers, dev and production: where they are and how to log in.

    A context manager: at its end the servers stop and everything on disk is removed.

    :ivar external: the servers are somebody else's; the lab only loaded its tables there.
    :ivar from_production: where production's server finds dev, as far as that is not where we find it.
    :ivar created: the directory was made for the lab, so everything in it goes with it.
    """

    directory: Path
    config_path: Path
    bin_dir: Path
    external: bool = False
    from_production: dict[str, str] = Field(default_factory=dict, repr=False)
    created: bool = True
    scale: int = 1
    seed: int = 1
    admin: dict[Server, dict[str, str]] = Field(repr=False)
    passwords: Passwords = Field(repr=False)

    _link: KeeperLink | None = PrivateAttr(default=None)

    # ------------------------------------------------------------------------------------------------------ beginning

    @classmethod
    def start(
        cls,
        directory: Path,
        *,
        scale: int = 1,
        seed: int = 1,
        bin_dir: Path | None = None,
        detached: bool = False,
        dev_settings: Mapping[str, str] | None = None,
        prod_settings: Mapping[str, str] | None = None,
        load: bool = True,
        config_path: Path | None = None,
    ) -> Lab:
        """Make two servers in a directory that is new, empty, or left by a dead lab.

        :param detached: the lab outlives this process and ends with :meth:`stop`; otherwise it ends with this process.
        :param load: with the academy's schema and data; else with an empty database.
        :raises UsageError: where the directory or the configuration's place is taken, or no server can be found.
        :raises ServerUnavailable: where a server does not start.
        """
        _check_numbers(scale, seed)
        found = find_bin_dir(bin_dir)
        directory = directory.absolute()
        config_path = (config_path or directory / "egrow-replica.toml").absolute()
        refuse_foreign_configuration(config_path)
        created = claim(directory)
        password = secrets.token_hex(16)
        link = KeeperLink(directory)
        try:
            answer = link.ask(
                {
                    "directory": str(directory),
                    "bin_dir": str(found),
                    "password": password,
                    "created": created,
                    "settings": {Server.DEV: dict(dev_settings or {}), Server.PROD: dict(prod_settings or {})},
                }
            )
            admin = {
                server: _admin(answer["servers"][server]["port"], password, DATABASE)
                for server in (Server.DEV, Server.PROD)
            }
            lab = cls(
                directory=directory,
                config_path=config_path,
                bin_dir=found,
                created=created,
                scale=scale,
                seed=seed,
                admin=admin,
                passwords=Passwords.draw(),
            )
            lab._link = link
            for server in Server:
                lab.create_database(server, DATABASE, template="template1")
            if load:
                lab._load(parallel=True)
            lab._write()
            if detached:
                link.detach()
                lab._link = None
        except BaseException:
            link.end()
            raise
        return lab

    @classmethod
    def attach(
        cls,
        directory: Path,
        *,
        dev_dsn: str,
        prod_dsn: str,
        dev_dsn_from_prod: str | None = None,
        scale: int = 1,
        seed: int = 1,
        bin_dir: Path | None = None,
        config_path: Path | None = None,
    ) -> Lab:
        """Load the academy into two empty databases that an administrator's connection strings name.

        :param dev_dsn_from_prod: production's way to dev, where it is another; its login is the lab's to make.
        :raises UsageError: where one of them holds anything, or they are the same.
        :raises ServerUnavailable: where one cannot be reached, or the login may not create what is needed.
        """
        _check_numbers(scale, seed)
        found = find_bin_dir(bin_dir)
        directory = directory.absolute()
        config_path = (config_path or directory / "egrow-replica.toml").absolute()
        refuse_foreign_configuration(config_path)
        admin = {Server.DEV: conninfo.parse(dev_dsn), Server.PROD: conninfo.parse(prod_dsn)}
        identities = set()
        for server, values in admin.items():
            refuse_unless_empty(conninfo.write(values), bin_dir=found, what=server)
            identities.add(database_identity(conninfo.write(values), bin_dir=found))
        if len(identities) < 2:
            raise UsageError("dev and production are the same database", hint="Create one database for each")
        created = claim(directory)
        lab = cls(
            directory=directory,
            config_path=config_path,
            bin_dir=found,
            external=True,
            from_production=_way(dev_dsn_from_prod),
            created=created,
            scale=scale,
            seed=seed,
            admin=admin,
            passwords=Passwords.draw(),
        )
        lab._write()
        try:
            lab._load(parallel=False)
        except BaseException as error:
            lab.stop()
            if isinstance(error, StatementFailed):
                raise ServerUnavailable(
                    f"the academy could not be loaded: {error.message}",
                    hint="The login has to be an administrator's: it creates roles and tables",
                    code="lab-load-failed",
                ) from error
            raise
        return lab

    @classmethod
    def find(cls, directory: Path) -> Lab:
        """The lab that lives, or lived, in a directory.

        :raises WrongState: where there is none.
        """
        directory = directory.absolute()
        try:
            text = (directory / _STATE).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise WrongState(
                f"there is no lab in {directory}", hint="Start one: egrow-replica lab up", code="no-lab"
            ) from None
        try:
            return cls.model_validate_json(text)
        except ValidationError:
            raise WrongState(
                f"{directory / _STATE} is not what this version writes",
                hint="End the lab with the version that started it, or remove the directory",
            ) from None

    # ------------------------------------------------------------------------------------------------------- the end

    def stop(self) -> None:
        """Stop the servers and remove everything; with servers of others, drop what was loaded."""
        if self.external:
            self._unload()
        elif self._link is not None:
            self._link.end()
        record = Record.read(self.directory)
        if record is not None:
            if record.keeper_process.send(signal.SIGTERM):
                wait_until(lambda: not record.keeper_process.is_alive(), _DOWN_SECONDS)
                record.keeper_process.send(signal.SIGKILL)
            record.remove()
        elif self.external:
            Record(str(self.directory), keeper=[], created=self.created).remove()
        remove_configuration(self.config_path, self.directory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -------------------------------------------------------------------------------------------------------- logins

    @property
    def dev_admin_dsn(self) -> str:
        """Dev, as its superuser."""
        return self.admin_dsn(Server.DEV)

    @property
    def prod_admin_dsn(self) -> str:
        """Production, as its superuser."""
        return self.admin_dsn(Server.PROD)

    @property
    def dev_dsn(self) -> str:
        """Dev, as the operator; ``setup`` makes the role."""
        return self._login(Server.DEV, OPERATOR, self.passwords.operator)

    @property
    def prod_dsn(self) -> str:
        """Production, as the operator; ``setup`` makes the role."""
        return self._login(Server.PROD, OPERATOR, self.passwords.operator)

    @property
    def stream_dsn(self) -> str:
        """Dev, as production's subscription logs in there; ``setup`` makes the role."""
        login = {"user": STREAM, "password": self.passwords.stream}
        here = {
            key: value
            for key, value in self.admin[Server.DEV].items()
            if not (self.from_production and key in ("host", "hostaddr", "port"))
        }
        return conninfo.write({**here, **self.from_production, **login})

    @property
    def application_dsn(self) -> str:
        """Production, as the academy's application."""
        return self._login(Server.PROD, APPLICATION, self.passwords.application)

    def admin_dsn(self, server: Server) -> str:
        """One of the servers, as its superuser."""
        return conninfo.write(self.admin[server])

    @property
    def environment(self) -> dict[str, str]:
        """The variables of ``lab.env``."""
        return {
            "EGROW_DEV_DSN": self.dev_dsn,
            "EGROW_PROD_DSN": self.prod_dsn,
            "EGROW_DEV_ADMIN_DSN": self.dev_admin_dsn,
            "EGROW_PROD_ADMIN_DSN": self.prod_admin_dsn,
            "EGROW_DEV_DSN_FROM_PROD": self.stream_dsn,
        }

    def _login(self, server: Server, user: str, password: str) -> str:
        return conninfo.write({**self.admin[server], "user": user, "password": password})

    # ----------------------------------------------------------------------------------------------------- databases

    def psql(
        self,
        server: Server,
        sql: str | None = None,
        *,
        file: Path | None = None,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Run statements or a script as the superuser, answer what psql prints (fields separated by ``|``)."""
        return psql(self.admin_dsn(server), sql, file=file, variables=variables, bin_dir=self.bin_dir)

    def on(self, database: str) -> Lab:
        """The same servers, another database of them."""
        admin = {server: {**values, "dbname": database} for server, values in self.admin.items()}
        other = self.model_copy(update={"admin": admin})
        other._link = None
        return other

    def create_database(self, server: Server, name: str, *, template: str = DATABASE) -> None:
        """Copy a database; nobody may be connected to the template."""
        sql = 'CREATE DATABASE :"name" TEMPLATE :"template";'
        self.on("postgres").psql(server, sql, variables={"name": name, "template": template})

    def drop_database(self, server: Server, name: str) -> None:
        """Drop a database with all connections to it; replication slots in it must be gone."""
        self.on("postgres").psql(server, 'DROP DATABASE IF EXISTS :"name" WITH (FORCE);', variables={"name": name})

    # ------------------------------------------------------------------------------------------------------- servers

    def stop_server(self, server: Server, mode: Literal["fast", "immediate", "kill"] = "fast") -> None:
        """Stop one server, for tests of what happens then."""
        self._ask({"do": "stop", "server": server, "mode": mode})

    def start_server(self, server: Server) -> None:
        """Start a stopped server again, on its own port."""
        self._ask({"do": "start", "server": server})

    def status(self) -> LabStatus:
        """How both servers are; one that does not answer is not running."""
        servers = tuple(read_status(server, self.admin[server], bin_dir=self.bin_dir) for server in Server)
        return LabStatus(
            directory=self.directory,
            running=all(each.running for each in servers),
            external=self.external,
            config_path=self.config_path,
            servers=servers,
        )

    def _ask(self, request: dict[str, Any]) -> None:
        if self._link is None:
            raise WrongState("only who started the lab can stop and start its servers one by one")
        self._link.ask(request)

    # ---------------------------------------------------------------------------------------------------- on the way

    def _load(self, *, parallel: bool) -> None:
        load_both(
            {server: self.admin_dsn(server) for server in Server},
            bin_dir=self.bin_dir,
            app_password=self.passwords.application,
            scale=self.scale,
            seed=self.seed,
            parallel=parallel,
        )

    def _unload(self) -> None:
        for server in Server:
            try:
                unload_academy(self.admin_dsn(server), bin_dir=self.bin_dir)
            except EgrowError as error:
                error.add_note(f"while the {server} database was emptied")
                raise

    def _write(self) -> None:
        write_private(self.directory / _STATE, self.model_dump_json())
        write_environment(self.directory / "lab.env", self.environment)
        text = configuration_text(
            self.directory,
            dev_dsn=self.dev_dsn,
            prod_dsn=self.prod_dsn,
            stream_dsn=self.stream_dsn,
            bin_dir=self.bin_dir,
        )
        write_configuration(self.config_path, text)


def _admin(port: int, password: str, database: str) -> dict[str, str]:
    return {"host": "127.0.0.1", "port": str(port), "dbname": database, "user": "postgres", "password": password}


def _way(dsn: str | None) -> dict[str, str]:
    """What of a connection string is not the login or the database."""
    values = conninfo.parse(dsn) if dsn else {}
    return {key: value for key, value in values.items() if key not in ("user", "password", "dbname")}


def _check_numbers(scale: int, seed: int) -> None:
    if not 1 <= scale <= 10_000:
        raise UsageError("the scale is a whole number from 1 to 10000")
    if abs(seed) >= 2**63:
        raise UsageError("the seed does not fit into 64 bits")
