"""Taking the controller's roles away: out of this database, and out of the cluster when no other database needs them.

``DROP OWNED`` alone would take from other databases too, because what was granted on a database or a setting belongs to
the cluster. So a role that stays loses one by one what it was granted here, and only one that goes is swept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from egrow_replica.catalog.role_uses import (
    RoleGrant,
    RoleUse,
    needed_elsewhere,
    owned_here,
    read_role_grants,
    read_role_uses,
)
from egrow_replica.catalog.roles import read_roles
from egrow_replica.db import SQL, Composed, Door, Identifier, columns, relation
from egrow_replica.errors import PreflightFailed, StatementFailed
from egrow_replica.model import QualifiedName

#: Another database's controller makes or removes the same roles at this moment: gone, there, in use, changed meanwhile.
RACES = frozenset({"42704", "42710", "23505", "2BP01", "XX000"})
TRIES = 5
_SHOWN = 10

_DEFAULTS = {"default tables": "TABLES", "default sequences": "SEQUENCES"}


@dataclass(frozen=True)
class Removal:
    """What takes roles away.

    :ivar kept: roles that stay, with the databases that need them.
    """

    statements: list[Composed]
    kept: dict[str, tuple[str, ...]]


def plan_removal(door: Door, names: Sequence[str], database: str, journal: Iterable[str] = ()) -> Removal:
    """What is left to do to take these roles out of a database; nothing when it is done.

    :param journal: the journal's tables, which somebody else owns by then.
    :raises PreflightFailed: they own something else here, which would be dropped with them.
    """
    present = [name for name in names if name in read_roles(door, names)]
    refuse_owned(owned_here(read_role_uses(door, present, journal), database))
    kept = needed_elsewhere(door, present, database)
    going = [name for name in present if name not in kept]
    return Removal(
        [
            *(statement for grant in read_role_grants(door, kept) for statement in _revocation(grant)),
            *(SQL("DROP OWNED BY {}").format(Identifier(name)) for name in going),
            *(SQL("DROP ROLE {}").format(Identifier(name)) for name in going),
        ],
        kept,
    )


def refuse_owned(owned: Sequence[RoleUse]) -> None:
    """See that roles own nothing; :raises PreflightFailed: they do."""
    if not owned:
        return
    shown = "; ".join(f"{one.role} owns {one.described}" for one in owned[:_SHOWN])
    more = f"; and {len(owned) - _SHOWN} more" if len(owned) > _SHOWN else ""
    roles = columns(sorted({one.role for one in owned})).as_string(None)
    raise PreflightFailed(
        f"what a role owns would be dropped with it, or keeps it from being dropped: {shown}{more}",
        hint=f"See whose it is. To keep it, REASSIGN OWNED BY {roles} TO somebody else; if a window left it, "
        "`egrow-replica doctor` shows the SQL that removes it.",
        code="role-in-use",
    )


def remove_roles(door: Door, names: Sequence[str], database: str) -> list[str]:
    """Take these roles out of a database, and those that no other one needs out of the cluster; which those were.

    Two databases that let go of a role at the same moment each see the other's need first: so it is looked at again
    until nothing is left to do.

    :raises PreflightFailed: see :func:`plan_removal`.
    """
    before = read_roles(door, names)
    for attempt in range(TRIES):
        try:
            removal = plan_removal(door, names, database)
            if not removal.statements:
                break
            with door.transaction():
                for statement in removal.statements:
                    door.execute(statement)
        except StatementFailed as error:
            if error.sqlstate not in RACES or attempt == TRIES - 1:
                raise
    after = read_roles(door, names)
    return [name for name in names if name in before and name not in after]


def _revocation(grant: RoleGrant) -> Iterator[Composed]:
    role = Identifier(grant.role)
    if grant.kind in _DEFAULTS:
        place = SQL(" IN SCHEMA {}").format(Identifier(grant.schema_name)) if grant.schema_name else SQL("")
        yield SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {}{} REVOKE ALL ON {} FROM {}").format(
            Identifier(grant.owner), place, SQL(_DEFAULTS[grant.kind]), role
        )
    elif grant.kind == "function":
        function = Identifier(grant.schema_name, grant.name)
        yield SQL("REVOKE ALL ON FUNCTION {}({}) FROM {}").format(function, SQL(grant.arguments), role)
    elif grant.kind in ("table", "sequence"):
        target = relation(QualifiedName(grant.schema_name, grant.name))
        yield SQL("REVOKE ALL ON {} {} FROM {}").format(SQL(grant.kind.upper()), target, role)
    else:
        name = grant.schema_name if grant.kind == "schema" else grant.name
        yield SQL("REVOKE ALL ON {} {} FROM {}").format(SQL(grant.kind.upper()), Identifier(name), role)
