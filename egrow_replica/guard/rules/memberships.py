"""GRANT role TO role: only to the controller's roles, only what they need, never with ADMIN.

One exception: the role that holds the application's writes gets ADMIN on the application's roles, and nothing of what
they may do.
"""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import is_false, is_true, known_options, read_options, word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.roles import managed, role_names
from egrow_replica.guard.tree import Node, only

RULE = "membership"

_PREDEFINED = frozenset({"pg_create_subscription", "pg_monitor"})
#: Ending sessions, for the role that holds writes.
_OF_KEEPER = frozenset({"pg_signal_backend"})


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Also REVOKE, without CASCADE.

    :raises Refused: rule ``membership``.
    """
    only(RULE, statement, "granted_roles", "grantee_roles", "is_grant", "opt")
    grantees = role_names(RULE, statement.grantee_roles)
    managed(RULE, grantees, policy)
    options = {name: word(value) for name, value in read_options(RULE, statement.opt).items()}
    for role in statement.granted_roles:
        only(RULE, role, "priv_name")
    names = {str(role.priv_name) for role in statement.granted_roles}
    if policy.keeper is not None and grantees == (policy.keeper,) and names <= policy.held:
        _check_admin(options)
        return ()
    known_options(RULE, options, {"inherit", "set"})
    allowed = policy.roles | policy.owners | _PREDEFINED
    if policy.keeper is not None and grantees == (policy.keeper,):
        allowed = allowed | _OF_KEEPER
    for name in sorted(names - allowed):
        raise Refused(RULE, f"membership in {name!r} may not be given")
    return ()


def _check_admin(options: dict[str, str]) -> None:
    """Power over the role's settings, and not what the role may do."""
    if set(options) != {"admin", "inherit", "set"}:
        raise Refused(RULE, "a role whose writes are held is given WITH ADMIN TRUE, INHERIT FALSE, SET FALSE")
    if not (is_true(options["admin"]) and is_false(options["inherit"]) and is_false(options["set"])):
        raise Refused(RULE, "of a role whose writes are held only ADMIN may be given")
