"""Which columns tell that a table is about people. Words of columns only; names of tables say nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from egrow_replica.catalog import Table

#: Words of a column's name that only an account has.
_CREDENTIALS = (
    ("password",),
    ("passwd",),
    ("contrasena",),
    ("session", "token"),
    ("access", "token"),
    ("refresh", "token"),
    ("reset", "token"),
    ("verification", "code"),
    ("totp",),
    ("otp",),
)
#: Words of a column's name that say something about a person.
_PERSONAL = (
    ("email",),
    ("e", "mail"),
    ("correo",),
    ("phone",),
    ("telefono",),
    ("first", "name"),
    ("last", "name"),
    ("birth", "date"),
    ("birthday",),
    ("ip", "address"),
    ("user", "agent"),
)


def words(name: str) -> tuple[str, ...]:
    """A column's name in words.

    >>> words("passwordHash"), words("E_MAIL"), words("lastLoginIP")
    (('password', 'hash'), ('e', 'mail'), ('last', 'login', 'ip'))
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", name)
    return tuple(re.findall(r"[^\W_]+", parted.lower()))


def account_columns(table: Table) -> tuple[str, ...]:
    """Columns that make the table one of accounts: credentials, or an e-mail address that is there only once."""
    unique = {key.columns[0] for key in table.unique_keys if len(key.columns) == 1}
    addresses = {name for name in _matching(table, _PERSONAL[:3]) if name in unique}
    return tuple(dict.fromkeys((*_matching(table, _CREDENTIALS), *sorted(addresses))))


def personal_columns(table: Table) -> tuple[str, ...]:
    """Columns that say something about a person."""
    return tuple(_matching(table, _PERSONAL))


def _matching(table: Table, patterns: tuple[tuple[str, ...], ...]) -> Iterator[str]:
    for column in table.columns:
        if column.base_type not in ("text", "varchar", "bpchar", "bytea", "inet", "date", ""):
            continue  # a flag such as emailVerified, or a count, is nobody's address
        found = words(column.name)
        if any(_contains(found, pattern) for pattern in patterns):
            yield column.name


def _contains(found: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    size = len(pattern)
    return any(found[start : start + size] == pattern for start in range(len(found) - size + 1))
