"""SET: listed settings to listed values; the two that give power only LOCAL, so that they end with the transaction."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.lists.settings import LOGGING, SESSION
from egrow_replica.guard.options import word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules import transactions
from egrow_replica.guard.tree import E, Node, class_of, only

RULE = "setting"

_KIND = E.VariableSetKind


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Look at the name, the value and whether it is LOCAL.

    :raises Refused: rule ``setting`` or ``transaction``.
    """
    only(RULE, statement, "kind", "name", "args", "jumble_args", "is_local")
    if statement.kind == _KIND.VAR_SET_MULTI:
        _check_transaction(statement, policy)
    elif statement.kind == _KIND.VAR_SET_VALUE:
        _check_value(statement.name, _value(statement), statement.is_local, policy)
    elif statement.kind != _KIND.VAR_RESET or statement.name not in LOGGING:
        raise Refused(RULE, "only SET name = value is allowed")
    return ()


def check_show(statement: Node, policy: Policy) -> tuple[()]:
    """SHOW reads a setting and has no other clause.

    :raises Refused: rule ``setting``.
    """
    only(RULE, statement, "name")
    return ()


def _check_transaction(statement: Node, policy: Policy) -> None:
    if statement.name == "TRANSACTION":
        transactions.check_modes(statement.args, policy)
    elif statement.name != "TRANSACTION SNAPSHOT":
        raise Refused(RULE, f"SET {statement.name} is not allowed")


def _check_value(name: str, value: str, local: bool, policy: Policy) -> None:
    if name == "session_replication_role":
        allowed = policy.replays and local and value == "replica"
    elif name == "role":
        # NONE is the way back to the login, which PostgreSQL keeps from being the name of a role.
        changes_role = policy.replays or policy.is_maintenance
        allowed = changes_role and local and (value in policy.roles or value == "none")
    else:
        known = SESSION | LOGGING
        values = known.get(name)
        allowed = name in known and (values is None or value.lower() in values)
    if not allowed:
        raise Refused(RULE, f"the setting {name} may not be changed so on a connection for {policy.purpose}")


def _value(statement: Node) -> str:
    values = statement.args or ()
    if any(class_of(value) != "A_Const" for value in values):
        raise Refused(RULE, f"the setting {statement.name} needs a constant")
    return ", ".join(word(value) for value in values)
