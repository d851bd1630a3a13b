"""CREATE PUBLICATION: named content tables, each ONLY itself; nothing that could grow later."""

from __future__ import annotations

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import name_of
from egrow_replica.guard.options import is_false, is_true, known_options, read_options, word
from egrow_replica.guard.policy import Policy
from egrow_replica.guard.rules.filters import check_filter
from egrow_replica.guard.tree import E, Node, only, strings

RULE = "publication"

_OPERATIONS = frozenset({"insert", "update", "delete"})
_OPTIONS = frozenset({"publish", "publish_via_partition_root", "publish_generated_columns"})


def check(statement: Node, policy: Policy) -> tuple[()]:
    """Look at the name, every table, every filter and the options.

    :raises Refused: rule ``publication`` or ``filter``.
    """
    if statement.for_all_tables:
        raise Refused(RULE, "FOR ALL TABLES publishes user tables too")
    only(RULE, statement, "pubname", "options", "pubobjects")
    if policy.publication is None or statement.pubname != policy.publication:
        raise Refused(RULE, "only the window's own publication may be made")
    if not statement.pubobjects:
        raise Refused(RULE, "a publication names its tables")
    for item in statement.pubobjects:
        _check_object(item, policy)
    filtered = any(item.pubtable.whereClause is not None for item in statement.pubobjects)
    if _operations(statement.options) != {"insert"} and filtered:
        raise Refused(RULE, "an update that leaves a row filter arrives as a delete: a filter needs publish = 'insert'")
    return ()


def _check_object(item: Node, policy: Policy) -> None:
    only(RULE, item, "pubobjtype", "pubtable")
    if item.pubobjtype != E.PublicationObjSpecType.PUBLICATIONOBJ_TABLE or item.pubtable is None:
        raise Refused(RULE, "a publication of a whole schema grows by itself")
    table = item.pubtable
    only(RULE, table, "relation", "whereClause", "columns")
    name = name_of(table.relation)
    if name is None or name not in policy.content:
        raise Refused(RULE, f"the table {table.relation.relname!r} is not content, or not written as schema.name")
    if table.relation.inh:
        raise Refused(RULE, "without ONLY a table's inheritance children are published too")
    strings(table.columns)
    if table.whereClause is not None:
        check_filter(table.whereClause, policy)


def _operations(options: tuple[Node, ...] | None) -> set[str]:
    """What is published, after a look at all options."""
    found = {name: word(value) for name, value in read_options(RULE, options).items()}
    known_options(RULE, found, _OPTIONS)
    operations = {part.strip() for part in found.get("publish", "").split(",")}
    if not operations <= _OPERATIONS:
        raise Refused(RULE, "publish is given, and holds nothing but insert, update, delete")
    root = found.get("publish_via_partition_root", "false")
    generated = found.get("publish_generated_columns", "none")
    if not (is_true(root) or is_false(root)) or generated != "none":
        raise Refused(RULE, "an option of the publication has a value that is not allowed")
    return operations
