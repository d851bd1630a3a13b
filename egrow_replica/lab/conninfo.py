"""Connection strings, taken apart for a psql that must not have them as arguments.

Everything goes to psql through its environment, which other users cannot read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from egrow_replica.errors import UsageError

_VARIABLES: Final = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
    "options": "PGOPTIONS",
    "application_name": "PGAPPNAME",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}

#: Parameters that Prisma and Neon add to a URL and libpq does not know.
_NOT_LIBPQ: Final = {
    "schema",
    "pgbouncer",
    "connection_limit",
    "pool_timeout",
    "socket_timeout",
    "statement_cache_size",
}

_PAIR: Final = re.compile(r"\s*(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)\s*", re.DOTALL)


def parse(dsn: str) -> dict[str, str]:
    r"""The parameters of a connection string in either of libpq's forms.

    >>> parse("host=127.0.0.1 password='it\\'s'")
    {'host': '127.0.0.1', 'password': "it's"}
    >>> parse("postgresql://ana:p%40ss@db:5433/academy?schema=public&sslmode=require")
    {'host': 'db', 'port': '5433', 'dbname': 'academy', 'user': 'ana', 'password': 'p@ss', 'sslmode': 'require'}

    :raises UsageError: where it is neither, or holds a parameter that nobody knows. Never repeats the text.
    """
    values = _from_url(dsn) if re.match(r"postgres(ql)?://", dsn) else _from_pairs(dsn)
    values = {key: value for key, value in values.items() if key not in _NOT_LIBPQ}
    unknown = sorted(values.keys() - _VARIABLES.keys())
    if unknown:
        raise UsageError(f"the lab does not understand the connection parameter {', '.join(unknown)}")
    return values


def write(values: Mapping[str, str]) -> str:
    """A connection string of keywords and values.

    >>> write({"host": "127.0.0.1", "password": "it's"})
    "host=127.0.0.1 password='it\\\\'s'"
    """
    return " ".join(f"{key}={_quoted(value)}" for key, value in values.items())


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """The variables that make psql connect there."""
    return {_VARIABLES[key]: value for key, value in values.items()}


def _from_pairs(dsn: str) -> dict[str, str]:
    values: dict[str, str] = {}
    position = 0
    while position < len(dsn):
        pair = _PAIR.match(dsn, position)
        if pair is None:
            raise UsageError("a connection string is neither keyword=value pairs nor a postgresql:// address")
        text = pair[2][1:-1] if pair[2].startswith("'") else pair[2]
        values[pair[1]] = re.sub(r"\\(.)", r"\1", text)
        position = pair.end()
    return values


def _from_url(dsn: str) -> dict[str, str]:
    try:
        url = urlsplit(dsn)
        parts = {
            "host": url.hostname,
            "port": str(url.port) if url.port else None,
            "dbname": url.path.removeprefix("/"),
        }
    except ValueError as error:
        raise UsageError("a connection address cannot be read") from error
    parts |= {"user": url.username, "password": url.password}
    return {key: unquote(value) for key, value in parts.items() if value} | dict(parse_qsl(url.query))


def _quoted(value: str) -> str:
    if value and re.fullmatch(r"[^\s'\\]+", value):
        return value
    return "'" + re.sub(r"(['\\])", r"\\\1", value) + "'"
