"""CREATE, ALTER and DROP ROLE: the controller's roles, never with the power to make others.

One exception: the role that holds the application's writes, where setup is told which those are.
"""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.errors import Refused
from egrow_replica.guard.options import is_false, known_options, read_options, word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import E, Node, class_of, only

RULE = "role"

_FREE = frozenset({"canlogin", "isreplication", "bypassrls", "inherit", "connectionlimit", "password", "validUntil"})
_ONLY_FALSE = frozenset({"superuser", "createrole", "createdb"})


def check_create(statement: Node, policy: Policy) -> tuple[()]:
    """CREATE ROLE.

    :raises Refused: rule ``role``.
    """
    only(RULE, statement, "stmt_type", "role", "options")
    managed(RULE, (statement.role,), policy)
    _check_options(statement.options, may_create=statement.role == policy.keeper)
    return ()


def check_alter(statement: Node, policy: Policy) -> tuple[()]:
    """ALTER ROLE … WITH options (``ALTER ROLE … SET`` is another statement: ``role_settings``).

    :raises Refused: rule ``role``.
    """
    only(RULE, statement, "role", "options", "action")
    names = role_names(RULE, (statement.role,))
    managed(RULE, names, policy)
    _check_options(statement.options, may_create=names == (policy.keeper,))
    return ()


def check_drop(statement: Node, policy: Policy) -> tuple[()]:
    """DROP ROLE, and DROP OWNED BY without CASCADE.

    :raises Refused: rule ``role``.
    """
    only(RULE, statement, "roles", "missing_ok")
    managed(RULE, role_names(RULE, statement.roles), policy)
    return ()


def role_names(rule: str, roles: tuple[Node, ...] | None) -> tuple[str, ...]:
    """Names of roles; PUBLIC, CURRENT_USER and their kin are refused.

    :raises Refused: with the given rule.
    """
    for role in roles or ():
        if class_of(role) != "RoleSpec" or role.roletype != E.RoleSpecType.ROLESPEC_CSTRING:
            raise Refused(rule, "a role must be named")
    return tuple(role.rolename for role in roles or ())


def managed(rule: str, names: Iterable[str], policy: Policy) -> None:
    """Refuse roles that are not the controller's.

    :raises Refused: with the given rule.
    """
    for name in names:
        if name not in policy.roles:
            raise Refused(rule, f"the role {name!r} is not one of the controller's")


def _check_options(options: tuple[Node, ...] | None, *, may_create: bool) -> None:
    found = read_options(RULE, options)
    known_options(RULE, found, _FREE | _ONLY_FALSE)
    # PostgreSQL asks for CREATEROLE, beside ADMIN on the role, of whoever changes another role's settings.
    free = {"createrole"} if may_create else set()
    for name in (_ONLY_FALSE - free) & found.keys():
        if not is_false(word(found[name])):
            raise Refused(RULE, f"a role of the controller is never {name}")
