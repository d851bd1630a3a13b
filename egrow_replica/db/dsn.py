"""Connection strings: libpq's, and the URLs that Prisma and Neon write. A password never leaves as text by accident."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

import psycopg
from psycopg import conninfo, pq
from pydantic import SecretStr

from egrow_replica.errors import ConfigurationError

#: Parameters of Prisma's and Neon's clients that mean nothing to libpq: understood, not passed on
#: (prisma.io/docs/orm/overview/databases/postgresql).
CLIENT_ONLY = frozenset(
    {
        "connection_limit",
        "pgbouncer",
        "pool_timeout",
        "schema",
        "socket_timeout",
        "sslaccept",
        "sslidentity",
        "statement_cache_size",
    }
)


@dataclass(frozen=True)
class Dsn:
    """Where a server is and who logs in."""

    parameters: tuple[tuple[str, str], ...]
    password: SecretStr

    def get(self, key: str) -> str | None:
        """A parameter's value, as given; the password is not a parameter."""
        return dict(self.parameters).get(key)

    @property
    def user(self) -> str | None:
        """The role that logs in, where the string names one."""
        return self.get("user")

    @property
    def shown(self) -> str:
        """For people: host, port, database and user only."""
        known = dict(self.parameters)
        return " ".join(f"{key}={known[key]}" for key in ("host", "port", "dbname", "user") if key in known)

    def conninfo(self, **extra: str | int) -> SecretStr:
        """The whole connection string, with ``extra`` parameters; ``options`` are added to those given."""
        merged: dict[str, str | int] = {**dict(self.parameters), **extra}
        if "options" in extra and self.get("options"):
            merged["options"] = f"{self.get('options')} {extra['options']}"
        if self.password.get_secret_value():
            merged["password"] = self.password.get_secret_value()
        return SecretStr(conninfo.make_conninfo("", **merged))


def parse_dsn(secret: SecretStr, *, name: str) -> Dsn:
    """Read a connection string or URL.

    :param name: what the string is for, for the message; libpq's own message may quote the string and is not shown.
    :raises ConfigurationError: it is neither, or has an unknown parameter.
    """
    text = secret.get_secret_value().strip()
    if text.startswith(("postgres://", "postgresql://")):
        text = _without_client_parameters(text, name)
    try:
        values = conninfo.conninfo_to_dict(text)
    except (psycopg.Error, ValueError):
        raise ConfigurationError(
            f"the connection string for {name} cannot be read",
            hint="Write postgresql://user@host:port/database or host=… port=… dbname=…; encode @ : / % in a URL.",
        ) from None
    password = str(values.pop("password", None) or "")
    return Dsn(tuple((key, str(value)) for key, value in values.items() if value is not None), SecretStr(password))


def _without_client_parameters(url: str, name: str) -> str:
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, keep_blank_values=True)
    except ValueError:
        raise ConfigurationError(
            f"the connection string for {name} is not a URL that can be read",
            hint="Write postgresql://user@host:port/database; encode @ : / % [ ] in the password.",
        ) from None
    known = {default.keyword.decode() for default in pq.Conninfo.get_defaults()}
    kept: list[str] = []
    for key, value in query:
        if key in CLIENT_ONLY:
            continue
        if key not in known and key != "ssl":
            raise ConfigurationError(
                f"the connection string for {name} has an unknown parameter {key!r}",
                hint="Take it out; it is neither libpq's nor one that Prisma or Neon write.",
            )
        kept.append(f"{quote(key, safe='')}={quote(value, safe='')}")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(kept), ""))
