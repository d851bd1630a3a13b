"""GRANT and REVOKE of privileges: to the controller's roles, writing ones on content only."""

from __future__ import annotations

from collections.abc import Callable

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import name_of
from egrow_replica.guard.lists.functions import GRANTED, WAL_READERS, WAL_SCHEMA
from egrow_replica.guard.lists.settings import GRANTED_PARAMETERS
from egrow_replica.guard.options import read_options
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.roles import managed, role_names
from egrow_replica.guard.tree import E, Node, class_of, only, strings

RULE = "grant"

_OBJECT = E.ObjectType
_TARGET = E.GrantTargetType
_SELECT = frozenset({"select"})
_CONTENT = frozenset({"select", "insert", "update", "delete", "maintain"})
_SEQUENCE = frozenset({"usage", "select", "update"})
_DATABASE = frozenset({"connect", "create", "temporary", "temp"})


def check(statement: Node, policy: Policy) -> tuple[()]:
    """GRANT … ON … TO and REVOKE … ON … FROM.

    :raises Refused: rule ``grant``.
    """
    _check_parties(statement, policy)
    if not statement.is_grant:
        return ()
    privileges = _privileges(statement)
    if statement.targtype == _TARGET.ACL_TARGET_ALL_IN_SCHEMA:
        _check_whole_schema(statement, privileges, policy)
    elif statement.targtype == _TARGET.ACL_TARGET_OBJECT and statement.objtype in _BY_OBJECT:
        for item in statement.objects:
            _need(privileges <= _BY_OBJECT[statement.objtype](item, policy))
    else:
        raise Refused(RULE, "privileges on this kind of object may not be given")
    return ()


def check_defaults(statement: Node, policy: Policy) -> tuple[()]:
    """ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA s GRANT SELECT ON TABLES | SEQUENCES.

    :raises Refused: rule ``grant``.
    """
    only(RULE, statement, "options", "action")
    options = read_options(RULE, statement.options)
    _need(set(options) == {"roles", "schemas"})
    _need(set(role_names(RULE, options["roles"])) <= policy.owners | policy.table_owners)
    _need(set(strings(options["schemas"])) <= policy.schemas)
    action = statement.action
    _check_parties(action, policy)
    if action.is_grant:
        _need(_privileges(action) <= _SELECT and action.objtype in _WHOLE_SCHEMA)
    return ()


def _need(condition: bool) -> None:
    if not condition:
        raise Refused(RULE, "this privilege on this object is more than the controller's roles may have")


def _check_parties(statement: Node, policy: Policy) -> None:
    only(RULE, statement, "is_grant", "targtype", "objtype", "objects", "privileges", "grantees")
    managed(RULE, role_names(RULE, statement.grantees), policy)


def _privileges(statement: Node) -> frozenset[str]:
    if not statement.privileges:
        raise Refused(RULE, "ALL is more than needed; privileges are named one by one")
    if any(privilege.priv_name is None for privilege in statement.privileges):
        raise Refused(RULE, "ALL is more than needed; privileges are named one by one")
    return frozenset(privilege.priv_name for privilege in statement.privileges)


_WHOLE_SCHEMA = frozenset({_OBJECT.OBJECT_TABLE, _OBJECT.OBJECT_SEQUENCE})


def _check_whole_schema(statement: Node, privileges: frozenset[str], policy: Policy) -> None:
    _need(statement.objtype in _WHOLE_SCHEMA and privileges <= _SELECT)
    _need(set(strings(statement.objects)) <= policy.schemas)


def _of_table(item: Node, policy: Policy) -> frozenset[str]:
    name = name_of(item)
    if name in policy.content:
        return _CONTENT
    return _SELECT if name is not None and name.schema in policy.schemas else frozenset()


def _of_sequence(item: Node, policy: Policy) -> frozenset[str]:
    name = name_of(item)
    if name in policy.sequences:
        return _SEQUENCE
    return _SELECT if name is not None and name.schema in policy.schemas else frozenset()


def _of_database(item: Node, policy: Policy) -> frozenset[str]:
    return _DATABASE if item.sval == policy.database else frozenset()


def _of_schema(item: Node, policy: Policy) -> frozenset[str]:
    return frozenset({"usage"}) if item.sval in policy.schemas | {WAL_SCHEMA} else frozenset()


def _of_function(item: Node, policy: Policy) -> frozenset[str]:
    names = strings(item.objname) if class_of(item) == "ObjectWithArgs" else ("",)
    built_in = names[:-1] in ((), ("pg_catalog",)) and names[-1] in GRANTED
    reader = names[:-1] == (WAL_SCHEMA,) and names[-1] in WAL_READERS
    return frozenset({"execute"}) if built_in or reader else frozenset()


def _of_parameter(item: Node, policy: Policy) -> frozenset[str]:
    return frozenset({"set"}) if item.sval in GRANTED_PARAMETERS else frozenset()


_BY_OBJECT: dict[E.ObjectType, Callable[[Node, Policy], frozenset[str]]] = {
    _OBJECT.OBJECT_TABLE: _of_table,
    _OBJECT.OBJECT_SEQUENCE: _of_sequence,
    _OBJECT.OBJECT_DATABASE: _of_database,
    _OBJECT.OBJECT_SCHEMA: _of_schema,
    _OBJECT.OBJECT_FUNCTION: _of_function,
    _OBJECT.OBJECT_PARAMETER_ACL: _of_parameter,
}
