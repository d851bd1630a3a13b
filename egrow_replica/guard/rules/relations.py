"""Every relation is ``schema.name``, so that no search path makes it another one; the server's own are on a list."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import Facts, name_of
from egrow_replica.guard.lists.catalogs import CATALOGS, SYSTEM_SCHEMAS
from egrow_replica.guard.policy import Policy

RULE = "relation"
SYSTEM_RULE = "system-relation"


def check(facts: Facts, policy: Policy) -> tuple[()]:
    """Refuse bare names (other than of a CTE in scope), names with a database in front, and views that do more.

    :raises Refused: rule ``relation`` or ``system-relation``.
    """
    for relation in facts.relations:
        name = name_of(relation)
        if name is None:
            raise Refused(RULE, f"the relation {relation.relname!r} is not written as schema.name")
        listed = name.schema == "pg_catalog" and name.name in CATALOGS
        if not listed and (name.schema in SYSTEM_SCHEMAS or name.schema.startswith("pg_toast")):
            raise Refused(SYSTEM_RULE, f"{name} is not on the list of what may be read of the server's own")
    return ()
