"""Reading what the roles of a window may do on production; ``guard.closure_privileges`` judges it."""

from __future__ import annotations

from collections.abc import Iterable

from egrow_replica.catalog.closure import OWN_SCHEMA
from egrow_replica.catalog.roles import (
    APPLY_ROLE,
    RECONCILE_PRIVILEGES,
    RECONCILE_ROLE,
    RESTORE_PRIVILEGES,
    RESTORE_ROLE,
    apply_privileges,
)
from egrow_replica.catalog.scope import Scope
from egrow_replica.db import Door, query
from egrow_replica.guard.closure_lists import EXTENSION_SCHEMA
from egrow_replica.guard.closure_privileges import GrantFact, PowerFact, PrivilegeFacts, RoleFact


def read_privileges(
    door: Door, scope: Scope, *, publish: Iterable[str] = ("insert", "update"), operator: str | None = None
) -> PrivilegeFacts:
    """What the content roles and the operator may do, whatever the way.

    :param publish: what the publication sends: the apply role needs DELETE only for deletes.
    :param operator: who opens windows; by default who is logged in.
    """
    operator = operator or door.role
    allowed = {
        APPLY_ROLE: apply_privileges(publish),
        RESTORE_ROLE: RESTORE_PRIVILEGES,
        RECONCILE_ROLE: RECONCILE_PRIVILEGES,
    }
    names = [*allowed, operator]
    own = [OWN_SCHEMA, EXTENSION_SCHEMA]
    roles = door.rows(RoleFact, query("catalog/closure_roles"), [names])
    grantees = sorted({role.name for role in roles} | {held for role in roles for held in role.holds})
    content = door.values(query("catalog/closure_content"), [[table.oid for table in scope.tables]])
    return PrivilegeFacts(
        operator=operator,
        allowed=allowed,
        sequences=tuple(sequence.name for sequence in scope.sequences),
        roles=tuple(roles),
        grants=tuple(door.rows(GrantFact, query("catalog/closure_grants"), [grantees, content, own])),
        powers=tuple(door.rows(PowerFact, query("catalog/closure_powers"), [names, own])),
    )
