"""Who else needs our roles: they belong to the cluster, and other databases of it may have windows of their own."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import SecretStr

from egrow_replica.catalog.roles import APPLY_ROLE, MAINTENANCE_ROLE
from egrow_replica.db import Door, query
from egrow_replica.model import Model

#: Whoever may use one of these is the operating system's user that runs the server, and so a superuser.
_SERVER_POWERS = frozenset({"pg_execute_server_program", "pg_read_server_files", "pg_write_server_files"})
_DEFAULTS = "pg_default_acl"


class RoleUse(Model):
    """Something that depends on a role.

    :ivar database: where it is; ``None``: of the whole cluster.
    :ivar owned: the role owns it; else it was granted something on it.
    :ivar described: in words; ``None`` in another database.
    """

    role: str
    database: str | None
    owned: bool
    catalog: str
    described: str | None
    of_journal: bool


class RoleGrant(Model):
    """Something in this database that a role was granted, of the kinds that setup grants.

    :ivar owner: of default privileges; ``arguments``: the types of a function's, as PostgreSQL writes them.
    """

    role: str
    kind: str
    schema_name: str
    name: str
    owner: str
    arguments: str


class OwnerPower(Model):
    """A role that a member of a table's owner could take on, and what makes it more than an owner."""

    owner: str
    role: str
    superuser: bool
    may_create_roles: bool
    bypasses_row_security: bool
    may_replicate: bool
    is_member: bool

    @property
    def rules(self) -> bool:
        """Whether it can do everything."""
        return self.superuser or self.role in _SERVER_POWERS

    @property
    def words(self) -> list[str]:
        """What it has, in PostgreSQL's words."""
        named = {
            "SUPERUSER": self.superuser,
            "CREATEROLE": self.may_create_roles,
            "BYPASSRLS": self.bypasses_row_security,
            "REPLICATION": self.may_replicate,
            self.role: self.role.startswith("pg_"),
        }
        if self.superuser:  # which includes the others
            return ["SUPERUSER"]
        return [word for word, has in named.items() if has]


def read_role_uses(door: Door, names: Iterable[str], journal: Iterable[str] = ()) -> list[RoleUse]:
    """What depends on these roles, whichever database it is in; ``journal``: the journal's tables."""
    return door.rows(RoleUse, query("catalog/role_uses"), [list(names), list(journal)])


def read_role_grants(door: Door, names: Iterable[str]) -> list[RoleGrant]:
    """What these roles were granted in this database."""
    return door.rows(RoleGrant, query("catalog/role_grants"), [list(names)])


def read_owner_powers(door: Door, owners: Iterable[str], member: str) -> list[OwnerPower]:
    """What a member of these owners could become."""
    return door.rows(OwnerPower, query("catalog/owner_powers"), [list(owners), member])


def may_read_verifiers(door: Door) -> bool:
    """Whether our login sees how the server keeps passwords."""
    return bool(door.value(query("catalog/may_read_verifiers")))


def read_verifier(door: Door, role: str) -> SecretStr | None:
    """How the server keeps a role's password; ``None`` where it has none."""
    found = door.value(query("catalog/verifier"), [role])
    return None if found is None else SecretStr(str(found))


def read_members(door: Door, role: str) -> list[str]:
    """Who is a member of a role."""
    return [str(name) for name in door.values(query("catalog/role_members"), [role])]


def needed_elsewhere(door: Door, names: Iterable[str], here: str) -> dict[str, tuple[str, ...]]:
    """As :func:`used_elsewhere`; the role that holds writes has no rights anywhere, and is needed by its members."""
    wanted = list(names)
    found = used_elsewhere(read_role_uses(door, wanted), here)
    if MAINTENANCE_ROLE in wanted:
        serving = used_elsewhere(read_role_uses(door, read_members(door, MAINTENANCE_ROLE)), here).values()
        databases = {database for each in serving for database in each}
        if databases:
            found[MAINTENANCE_ROLE] = tuple(sorted(databases))
    return found


def is_set_up(door: Door, here: str) -> bool:
    """Whether setup has made the content roles for this database: then an operator with rights here is their member."""
    return any(use.database == here for use in read_role_uses(door, read_members(door, APPLY_ROLE)))


def used_elsewhere(uses: Iterable[RoleUse], here: str) -> dict[str, tuple[str, ...]]:
    """For each role that another database needs, those databases."""
    found: dict[str, set[str]] = {}
    for one in uses:
        if one.database not in (None, here):
            found.setdefault(one.role, set()).add(str(one.database))
    return {role: tuple(sorted(databases)) for role, databases in found.items()}


def owned_here(uses: Iterable[RoleUse], here: str) -> list[RoleUse]:
    """What would go with the roles, or keep them from going, and is nobody's but theirs: everything but the journal."""
    return [
        one
        for one in uses
        if one.owned and one.database in (None, here) and not one.of_journal and one.catalog != _DEFAULTS
    ]
