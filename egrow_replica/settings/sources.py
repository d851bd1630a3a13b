"""Where a new configuration finds its connection strings: the environment, ``.env`` and ``.env.production``."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from egrow_replica.errors import ConfigurationError
from egrow_replica.model import Server
from egrow_replica.settings.load import (
    DEV_VARIABLE,
    ENVIRONMENT_PREFIX,
    PROD_VARIABLE,
    STREAM_VARIABLE,
    URL_VARIABLE,
    connections,
    read_env_file,
    server_dsn,
)
from egrow_replica.settings.model import ServerSettings

_VARIABLES: Final = {Server.DEV: DEV_VARIABLE, Server.PROD: PROD_VARIABLE}
_FILES: Final = {Server.DEV: ".env", Server.PROD: ".env.production"}
_SOURCES: Final = ("dsn", "dsn_env", "env_file")
_STREAM: Final = ("from_production_dsn", "from_production_dsn_env")
#: What hosts call the address beside their pooler (Prisma, Neon, Vercel).
_DIRECT: Final = ("DIRECT_URL", "DIRECT_DATABASE_URL", "DATABASE_URL_UNPOOLED", "POSTGRES_URL_NON_POOLING")


@dataclass(frozen=True)
class Connection:
    """How one server is reached.

    :ivar keys: what the configuration says in its section; it never holds a password.
    :ivar found: where the connection string comes from, for people.
    :ivar hint: what may be wrong with it if it does not work, a sentence or ``""``.
    """

    server: Server
    secret: SecretStr
    keys: dict[str, str]
    found: str
    hint: str = ""


def old_sections(file: Path) -> dict[str, Any]:
    """The sections of a configuration that is to be replaced; nothing where it cannot be read."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return {}


def find_connection(server: Server, file: Path, old: dict[str, Any], *, old_string_is_secret: bool) -> Connection:
    """The connection string of a server for a configuration that is to be written to ``file``.

    In order: what the replaced configuration names, the environment, an env file beside the configuration or in the
    working directory.

    :param old: the sections of the configuration that is replaced.
    :param old_string_is_secret: its ``dsn`` holds a password, so that it is not taken over.
    :raises ConfigurationError: it is nowhere; the message says where it was looked for.
    """
    section = dict(old.get(server, {})) if isinstance(old.get(server), dict) else {}
    if old_string_is_secret:
        section.pop("dsn", None)
    configured = _configured(server, section, file)
    if configured is not None:
        return configured
    variable = _VARIABLES[server]
    if os.environ.get(variable):
        return Connection(server, SecretStr(os.environ[variable]), {"dsn_env": variable}, f"the variable {variable}")
    looked = [f"the environment variable {variable}"]
    for path, written in _env_files(server, file):
        if not path.is_file():
            looked.append(str(path))
            continue
        values = read_env_file(path)
        if url := values.get(URL_VARIABLE):
            found = f"{URL_VARIABLE} in {path}"
            return Connection(server, SecretStr(url), {"env_file": written}, found, _hint(url, values))
        looked.append(f"{path} (which has no {URL_VARIABLE})")
    secret = f" The replaced configuration has it with its password: move it to {variable}." * old_string_is_secret
    raise ConfigurationError(
        f"no connection string for {server}: looked for {', '.join(looked)}",
        hint=f"Set {variable}, or write {URL_VARIABLE}=postgresql://… into {_FILES[server]}.{secret}",
        code="no-connection-string",
    )


def _hint(url: str, values: Mapping[str, str | None]) -> str:
    if "${" in url:
        return f"{URL_VARIABLE} holds a ${{…}}, which is not expanded here: write it out."
    direct = next((name for name in _DIRECT if values.get(name)), None)
    return f"{direct} stands beside it: if that is the address without a pooler, use it instead." if direct else ""


def stream_keys(old: dict[str, Any], *, old_string_is_secret: bool) -> dict[str, str]:
    """How production reaches dev, as far as that is known: keys of ``[dev]``."""
    section = old.get(Server.DEV, {})
    kept = {key: str(section[key]) for key in _STREAM if isinstance(section, dict) and key in section}
    if old_string_is_secret:
        kept.pop("from_production_dsn", None)
    if kept:
        return kept
    return {"from_production_dsn_env": STREAM_VARIABLE} if os.environ.get(STREAM_VARIABLE) else {}


def _configured(server: Server, section: dict[str, Any], file: Path) -> Connection | None:
    settings = _server(server, section, file)
    if all(getattr(settings, key) is None for key in _SOURCES):
        return None
    secret = server_dsn(settings, server, _VARIABLES[server])
    keys: dict[str, str] = {key: str(section[key]) for key in _SOURCES if key in section}
    name = next(key for key in _SOURCES if getattr(settings, key) is not None)
    if keys:
        return Connection(server, secret, keys, f"[{server}] {name}, as before")
    return Connection(server, secret, {}, f"the variable {ENVIRONMENT_PREFIX}{server.upper()}__{name.upper()}")


def _server(server: Server, section: dict[str, Any], file: Path) -> ServerSettings:
    dev, prod = connections({server: section}, file.absolute().parent)
    return dev if server is Server.DEV else prod


def _env_files(server: Server, file: Path) -> Iterator[tuple[Path, str]]:
    """Path, and how the configuration writes it: paths are relative to the configuration's own directory."""
    base = file.absolute().parent
    for directory in dict.fromkeys((base, Path.cwd())):
        path = directory / _FILES[server]
        yield path, os.path.relpath(path, base)
