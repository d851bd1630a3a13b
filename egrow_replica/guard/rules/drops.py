"""DROP: temporary tables, the window's publication, what setup made; never CASCADE."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.lists.functions import WAL_SCHEMA
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.extensions import EXTENSION
from egrow_replica.guard.statements import StatementKind
from egrow_replica.guard.tree import E, Node, only, strings
from egrow_replica.model import QualifiedName

RULE = "drop"

_OBJECT = E.ObjectType


def check(statement: Node, policy: Policy) -> tuple[QualifiedName, ...]:
    """Look at each object by its kind.

    :raises Refused: rule ``drop``.
    """
    only(RULE, statement, "objects", "removeType", "missing_ok")
    kind = statement.removeType
    if kind == _OBJECT.OBJECT_TABLE:
        return tuple(_table(names, policy) for names in statement.objects)
    allowed = _allowed(policy).get(kind)
    for item in statement.objects:
        if allowed is None or item.sval != allowed:
            raise Refused(RULE, f"this may not be dropped on a connection for {policy.purpose}")
    return ()


def _table(names: tuple[Node, ...], policy: Policy) -> QualifiedName:
    parts = strings(names)
    name = QualifiedName(*parts) if len(parts) == 2 else None
    if name is None or not policy.is_temporary(name):
        raise Refused(RULE, "only temporary tables may be dropped")
    return name


def _allowed(policy: Policy) -> dict[E.ObjectType, str]:
    allowed: dict[E.ObjectType, str] = {}
    if StatementKind.CREATE_PUBLICATION in policy.kinds and policy.publication:
        allowed[_OBJECT.OBJECT_PUBLICATION] = policy.publication
    if StatementKind.CREATE_EXTENSION in policy.kinds:
        allowed |= {_OBJECT.OBJECT_EXTENSION: EXTENSION, _OBJECT.OBJECT_SCHEMA: WAL_SCHEMA}
    return allowed
