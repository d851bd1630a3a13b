"""What a statement does, read off its parse tree in one walk.

The walk visits every node, wherever the grammar can put one, so an expression hidden in LIMIT, in a window frame or in
a DEFAULT is seen like any other. It decides nothing; the rules do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from egrow_replica.guard.statements import KIND_OF_CLASS, StatementKind
from egrow_replica.guard.tree import Node, children, class_of, strings
from egrow_replica.model import QualifiedName

Scope = frozenset[str]


@dataclass(slots=True)
class Facts:
    """Everything the rules ask about.

    :ivar statement: the statement's node.
    :ivar nodes: every node of it, the statement too, by class name.
    :ivar relations: relations that are read or merely named (CTE names excluded).
    :ivar writes: target of every INSERT, UPDATE, DELETE and MERGE, also of nested ones.
    :ivar locks: relations whose rows a FOR UPDATE / SHARE locks; ``None`` where that cannot be told.
    :ivar functions: name parts and node of every call.
    :ivar columns: names that could become a call (see ``lists.hazards``).
    :ivar into: whether a SELECT somewhere makes a table.
    """

    statement: Node
    kind: StatementKind | None
    nodes: dict[str, list[Node]] = field(default_factory=dict)
    relations: list[Node] = field(default_factory=list)
    writes: list[Node] = field(default_factory=list)
    locks: list[Node | None] = field(default_factory=list)
    functions: list[tuple[tuple[str, ...], Node]] = field(default_factory=list)
    columns: set[str] = field(default_factory=set)
    operators: set[tuple[str, ...]] = field(default_factory=set)
    types: list[Node] = field(default_factory=list)
    collations: set[tuple[str, ...]] = field(default_factory=set)
    sampling: set[tuple[str, ...]] = field(default_factory=set)
    opclasses: set[tuple[str, ...]] = field(default_factory=set)
    into: bool = False

    @property
    def classes(self) -> frozenset[str]:
        """Class names of all nodes."""
        return frozenset(self.nodes)

    def of(self, *classes: str) -> Iterator[Node]:
        """All nodes of these classes."""
        for name in classes:
            yield from self.nodes.get(name, ())


def gather(statement: Node) -> Facts:
    """Walk the whole tree below (and including) a statement.

    :raises Refused: rule ``name``, where something that should be a name is not.
    """
    facts = Facts(statement, KIND_OF_CLASS.get(class_of(statement)))
    stack: list[tuple[Node, Scope]] = [(statement, frozenset())]
    while stack:
        node, scope = stack.pop()
        name = class_of(node)
        facts.nodes.setdefault(name, []).append(node)
        with_clause = getattr(node, "withClause", None)
        if with_clause is not None:
            facts.nodes.setdefault("WithClause", []).append(with_clause)
            scope = _enter_with(with_clause, scope, stack)
        read = _READERS.get(name)
        if read is not None:
            read(facts, node, scope)
        hidden = _TARGETS.get(name, ("withClause",))
        stack.extend((child, scope) for child in children(node, without=hidden))
    return facts


_WRITERS = ("InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")

#: Attributes that the walk leaves to the node's own reader or to the statement's rule.
_TARGETS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_WRITERS, ("withClause", "relation")),
    "LockingClause": ("lockedRels",),
    "DefElem": ("arg",),
}


def _enter_with(clause: Node, scope: Scope, stack: list[tuple[Node, Scope]]) -> Scope:
    """Push each CTE with the names that it can see; return what the statement itself can see.

    Without RECURSIVE a CTE sees only those before it, so its own name inside it is a table.
    """
    names = frozenset(cte.ctename for cte in clause.ctes)
    inner = scope | names if clause.recursive else scope
    for cte in clause.ctes:
        stack.append((cte, inner))
        if not clause.recursive:
            inner = inner | {cte.ctename}
    return scope | names


def _is_cte(relation: Node, scope: Scope) -> bool:
    return relation.schemaname is None and relation.catalogname is None and relation.relname in scope


def _range_var(facts: Facts, node: Node, scope: Scope) -> None:
    if not _is_cte(node, scope):
        facts.relations.append(node)


def _write(facts: Facts, node: Node, scope: Scope) -> None:
    facts.writes.append(node.relation)


def _select(facts: Facts, node: Node, scope: Scope) -> None:
    facts.into = facts.into or node.intoClause is not None
    for clause in node.lockingClause or ():
        wanted = {relation.relname for relation in clause.lockedRels or ()}
        facts.locks.extend(_locked(node, wanted, scope))


def _locked(select: Node, wanted: set[str], scope: Scope) -> Iterator[Node]:
    """The relations that a locking clause reaches: all of FROM, or those of ``OF``, and through sub-selects."""
    found: set[Any] = set()
    for item in _from_items(select):
        alias = item.alias.aliasname if item.alias else getattr(item, "relname", "")
        if wanted and alias not in wanted:
            continue
        found.add(alias)
        if class_of(item) == "RangeSubselect":
            yield from _locked(item.subquery, set(), scope)
        elif not _is_cte(item, scope):
            yield item
    if wanted - found:
        yield None


def _from_items(select: Node) -> Iterator[Node]:
    """Tables and sub-selects in FROM, joins taken apart; both sides of a set operation."""
    stack = list(select.fromClause or ())
    stack += [part for part in (select.larg, select.rarg) if part is not None]
    while stack:
        item = stack.pop()
        name = class_of(item)
        if name == "JoinExpr":
            stack += [item.larg, item.rarg]
        elif name == "RangeTableSample":
            stack.append(item.relation)
        elif name == "SelectStmt":
            stack += [*(item.fromClause or ()), *(part for part in (item.larg, item.rarg) if part is not None)]
        elif name in ("RangeVar", "RangeSubselect"):
            yield item


def _function(facts: Facts, node: Node, scope: Scope) -> None:
    facts.functions.append((strings(node.funcname), node))


def _column(facts: Facts, node: Node, scope: Scope) -> None:
    facts.columns.update(item.sval for item in node.fields[1:] if class_of(item) == "String")


def _indirection(facts: Facts, node: Node, scope: Scope) -> None:
    facts.columns.update(item.sval for item in node.indirection if class_of(item) == "String")


def _expression(facts: Facts, node: Node, scope: Scope) -> None:
    if node.name:
        facts.operators.add(strings(node.name))


def _sub_link(facts: Facts, node: Node, scope: Scope) -> None:
    if node.operName:
        facts.operators.add(strings(node.operName))


def _sort_by(facts: Facts, node: Node, scope: Scope) -> None:
    if node.useOp:
        facts.operators.add(strings(node.useOp))


def _type(facts: Facts, node: Node, scope: Scope) -> None:
    facts.types.append(node)


def _collate(facts: Facts, node: Node, scope: Scope) -> None:
    facts.collations.add(strings(node.collname))


def _index_element(facts: Facts, node: Node, scope: Scope) -> None:
    if node.collation:
        facts.collations.add(strings(node.collation))
    if node.opclass or node.opclassopts:
        facts.opclasses.add(strings(node.opclass))


def _column_definition(facts: Facts, node: Node, scope: Scope) -> None:
    if node.collClause:
        facts.collations.add(strings(node.collClause.collname))


def _sample(facts: Facts, node: Node, scope: Scope) -> None:
    facts.sampling.add(strings(node.method))


_READERS: dict[str, Callable[[Facts, Node, Scope], None]] = {
    "RangeVar": _range_var,
    "InsertStmt": _write,
    "UpdateStmt": _write,
    "DeleteStmt": _write,
    "MergeStmt": _write,
    "SelectStmt": _select,
    "FuncCall": _function,
    "ColumnRef": _column,
    "A_Indirection": _indirection,
    "A_Expr": _expression,
    "SubLink": _sub_link,
    "SortBy": _sort_by,
    "TypeName": _type,
    "CollateClause": _collate,
    "IndexElem": _index_element,
    "ColumnDef": _column_definition,
    "RangeTableSample": _sample,
}


def name_of(relation: Node) -> QualifiedName | None:
    """The catalog name of a relation; ``None`` where it is not written as exactly ``schema.name``."""
    if relation.catalogname is not None or not relation.schemaname or not relation.relname:
        return None
    return QualifiedName(relation.schemaname, relation.relname)
