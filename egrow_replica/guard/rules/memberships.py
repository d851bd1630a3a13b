"""GRANT role TO role: only to the controller's roles, only what they need, never with ADMIN."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import known_options, read_options
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.roles import managed, role_names
from egrow_replica.guard.tree import Node, only

RULE = "membership"

_PREDEFINED = frozenset({"pg_create_subscription", "pg_monitor"})


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Also REVOKE, without CASCADE.

    :raises Refused: rule ``membership``.
    """
    only(RULE, statement, "granted_roles", "grantee_roles", "is_grant", "opt")
    managed(RULE, role_names(RULE, statement.grantee_roles), policy)
    known_options(RULE, read_options(RULE, statement.opt), {"inherit", "set"})
    for role in statement.granted_roles:
        only(RULE, role, "priv_name")
        if role.priv_name not in policy.roles | policy.owners | _PREDEFINED:
            raise Refused(RULE, f"membership in {role.priv_name!r} may not be given")
    return ()
