"""ALTER ROLE … IN DATABASE … SET: whether the application's roles only read by default, in one database."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.roles import role_names
from egrow_replica.guard.tree import E, Node, class_of, only

RULE = "role-setting"

SETTING = "default_transaction_read_only"
_KIND = E.VariableSetKind
#: A boolean as PostgreSQL reads it is one of these or what only one of the first four begins with (``parse_bool``).
_WORDS = ("true", "false", "yes", "no")
_SHORT = frozenset({"on", "off", "of", "1", "0"})


def check(statement: Node, policy: Policy) -> tuple[()]:
    """One of the roles that are held, in the policy's database: SET to a boolean, or RESET.

    :raises Refused: rule ``role-setting``.
    """
    only(RULE, statement, "role", "database", "setstmt")
    if statement.role is None:
        raise Refused(RULE, "ALTER ROLE ALL reaches every role")
    for name in role_names(RULE, (statement.role,)):
        if name not in policy.held:
            raise Refused(RULE, f"the role {name!r} is not one whose writes are held")
    if policy.database is None or statement.database != policy.database:
        raise Refused(RULE, "a role's setting is only changed in the one database")
    _check_setting(statement.setstmt)
    return ()


def is_boolean(value: str) -> bool:
    """Whether PostgreSQL takes a text for a boolean.

    >>> is_boolean("on"), is_boolean("T"), is_boolean("o"), is_boolean("")
    (True, True, False, False)
    """
    text = value.lower()
    return text in _SHORT or (text != "" and any(one.startswith(text) for one in _WORDS))


def _check_setting(change: Node) -> None:
    only(RULE, change, "kind", "name", "args", "jumble_args")
    if change.name != SETTING:
        raise Refused(RULE, f"of a role's settings only {SETTING} may be changed")
    if change.kind == _KIND.VAR_RESET:
        return
    values = [value for value in change.args or () if class_of(value) == "A_Const"]
    if change.kind != _KIND.VAR_SET_VALUE or len(change.args) != 1 or not values:
        raise Refused(RULE, "a role's setting is set to one constant, or reset")
    if not is_boolean(word(values[0])):
        raise Refused(RULE, f"{SETTING} is a boolean")
