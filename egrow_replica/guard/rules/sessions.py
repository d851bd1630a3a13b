"""pg_terminate_backend: sessions of the roles whose writes are held, in this database, and nobody else's.

A process id says nothing of whose it is by the time that it is used. So the call itself has to look the session up, in
one fixed form that names the role; what is compared is the parsed call, printed anew.
"""

from __future__ import annotations

from functools import cache

from egrow_replica.errors import Refused
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node, parse, print_sql

RULE = "session"

_CALL = """SELECT pg_catalog.pg_terminate_backend((
SELECT a.pid FROM pg_catalog.pg_stat_activity AS a
 WHERE a.pid = $1 AND a.usename = {role} AND a.datname = pg_catalog.current_database() AND a.backend_start < $2
   AND a.backend_type = 'client backend'))"""


def check(call: Node, policy: Policy) -> tuple[()]:
    """Compare the call with those that are allowed.

    :raises Refused: rule ``session``.
    """
    if not policy.is_maintenance:
        raise Refused(RULE, f"no session is ended on a connection for {policy.purpose}")
    if print_sql(call) not in {_allowed(role) for role in policy.held}:
        raise Refused(RULE, "only a session of a role whose writes are held is ended, looked up by the call itself")
    return ()


@cache
def _allowed(role: str) -> str:
    quoted = "'" + role.replace("'", "''") + "'"
    (target,) = parse(_CALL.format(role=quoted)).targetList
    return print_sql(target.val)
