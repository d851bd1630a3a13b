"""Rows change only in content, the controller's own tables and its temporary tables."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts, name_of
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.tree import Node
from egrow_replica.model import QualifiedName

RULE = "write"


def check(facts: Facts, policy: Policy) -> list[QualifiedName]:
    """Look at the target of every INSERT, UPDATE, DELETE and MERGE, however deep it stands.

    :raises Refused: rule ``write``.
    """
    return [writable(relation, policy) for relation in facts.writes]


def writable(relation: Node, policy: Policy) -> QualifiedName:
    """The name of a relation that may be written.

    :raises Refused: rule ``write``.
    """
    name = name_of(relation)
    if name is None:
        raise Refused(RULE, f"the table {relation.relname!r} that would be written is not written as schema.name")
    if not policy.may_write(name):
        raise Refused(RULE, f"{name} may not be written on a connection for {policy.purpose}")
    return name
