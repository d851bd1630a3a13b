"""The window's subscription: made disabled, without a slot or a copy of its own, then owned, enabled, dropped."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.options import is_false, known_options, read_options, word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.tables import check_owner as check_owner_of_journal
from egrow_replica.guard.tree import E, Node, class_of, only

RULE = "subscription"

_KIND = E.AlterSubscriptionType
#: Without them CREATE SUBSCRIPTION makes a slot, copies rows or starts at once, before the owner is set.
_REQUIRED_FALSE = frozenset({"create_slot", "copy_data", "enabled"})
_ALLOWED: dict[str, frozenset[str]] = {
    "disable_on_error": frozenset({"false", "off", "0"}),
    "run_as_owner": frozenset({"true", "on", "1"}),
    "password_required": frozenset({"true", "on", "1", "false", "off", "0"}),
    "streaming": frozenset({"false", "off", "0"}),
    "two_phase": frozenset({"false", "off", "0"}),
    "failover": frozenset({"false", "off", "0"}),
    "binary": frozenset({"true", "on", "1", "false", "off", "0"}),
    "connect": frozenset({"true", "on", "1", "false", "off", "0"}),
    "origin": frozenset({"any", "none"}),
    "synchronous_commit": frozenset({"off", "local", "on", "remote_write", "remote_apply"}),
}


def check_create(statement: Node, policy: Policy) -> tuple[()]:
    """CREATE SUBSCRIPTION, with the options of a window and no others.

    :raises Refused: rule ``subscription``.
    """
    only(RULE, statement, "subname", "conninfo", "publication", "options")
    _check_name(statement.subname, policy)
    if len(statement.publication) != 1:
        raise Refused(RULE, "a subscription follows exactly one publication")
    options = {name: word(value) for name, value in read_options(RULE, statement.options).items()}
    known_options(RULE, options, _REQUIRED_FALSE | _ALLOWED.keys() | {"slot_name"})
    for name in sorted(_REQUIRED_FALSE):
        if not is_false(options.get(name, "true")):
            raise Refused(RULE, f"{name} = false is required")
    if not policy.is_slot(options.get("slot_name", "")):
        raise Refused(RULE, "slot_name must be the window's slot")
    for name, values in _ALLOWED.items():
        if name in options and options[name].lower() not in values:
            raise Refused(RULE, f"this value of {name} is not allowed")
    return ()


def check_alter(statement: Node, policy: Policy) -> tuple[()]:
    """ENABLE, DISABLE, SET (slot_name = …).

    :raises Refused: rule ``subscription``.
    """
    _check_name(statement.subname, policy)
    if statement.kind == _KIND.ALTER_SUBSCRIPTION_ENABLED:
        only(RULE, statement, "kind", "subname", "options")
    elif statement.kind == _KIND.ALTER_SUBSCRIPTION_OPTIONS:
        only(RULE, statement, "kind", "subname", "options")
        _check_slot(statement, policy)
    else:
        raise Refused(RULE, "REFRESH, SKIP, another server and another list of publications are not allowed")
    return ()


def check_owner(statement: Node, policy: Policy) -> tuple[()]:
    """ALTER SUBSCRIPTION … OWNER TO the apply role; ALTER SCHEMA … OWNER TO for the controller's own.

    :raises Refused: rule ``subscription``.
    """
    only(RULE, statement, "objectType", "object", "newowner")
    if statement.objectType == E.ObjectType.OBJECT_SCHEMA:
        if policy.own_schema is None or statement.object.sval != policy.own_schema:
            raise Refused(RULE, "only the controller's own schema changes its owner")
        check_owner_of_journal(RULE, statement.newowner, policy)
        return ()
    if statement.objectType != E.ObjectType.OBJECT_SUBSCRIPTION or class_of(statement.object) != "String":
        raise Refused(RULE, "only the window's subscription changes its owner")
    _check_name(statement.object.sval, policy)
    owner = statement.newowner
    if owner.roletype != E.RoleSpecType.ROLESPEC_CSTRING or owner.rolename not in policy.roles:
        raise Refused(RULE, "the new owner is not one of the window's roles")
    return ()


def check_drop(statement: Node, policy: Policy) -> tuple[()]:
    """DROP SUBSCRIPTION, without CASCADE.

    :raises Refused: rule ``subscription``.
    """
    only(RULE, statement, "subname", "missing_ok")
    _check_name(statement.subname, policy)
    return ()


def _check_name(name: str, policy: Policy) -> None:
    if policy.subscription is None or name != policy.subscription:
        raise Refused(RULE, "only the window's own subscription may be touched")


def _check_slot(statement: Node, policy: Policy) -> None:
    options = read_options(RULE, statement.options)
    if set(options) != {"slot_name"}:
        raise Refused(RULE, "only slot_name may be set")
    name = word(options["slot_name"])
    if name != "none" and not policy.is_slot(name):
        raise Refused(RULE, "slot_name must be NONE or the window's slot")
