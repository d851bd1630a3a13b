"""The facts of a server, indexed: what a name may mean, what hangs on a relation, which text is still unread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from egrow_replica.effects.bodies import Body, Reference, read_function
from egrow_replica.effects.facts import (
    EffectFacts,
    ExpressionFact,
    ForeignKeyFact,
    FunctionFact,
    RelationFact,
    RuleFact,
    TriggerFact,
)
from egrow_replica.model import QualifiedName

#: Where functions look for bare names; ``None``: it cannot be told, so everywhere.
Path = tuple[str, ...] | None


@dataclass
class CatalogIndex:
    """The facts, indexed."""

    facts: EffectFacts
    trusted: frozenset[QualifiedName]
    relations: dict[int, RelationFact] = field(default_factory=dict)
    functions: dict[int, FunctionFact] = field(default_factory=dict)
    unread_functions: set[int] = field(default_factory=set)
    unread_views: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        facts = self.facts
        self.relations = {one.oid: one for one in facts.relations}
        self.functions = {one.oid: one for one in facts.functions}
        self.bodies = {one.oid: one for one in facts.bodies}
        self.views = {one.relation: one for one in facts.views}
        self.triggers: dict[int, list[TriggerFact]] = defaultdict(list)
        self.rules: dict[int, list[RuleFact]] = defaultdict(list)
        self.keys: dict[int, list[ForeignKeyFact]] = defaultdict(list)
        self.expressions: dict[int, list[ExpressionFact]] = defaultdict(list)
        self.children: dict[int, list[int]] = defaultdict(list)
        self.partitions: dict[int, list[int]] = defaultdict(list)
        self.partition_roots: dict[int, int] = {}
        self._names: dict[str, list[RelationFact]] = defaultdict(list)
        self._function_names: dict[str, list[FunctionFact]] = defaultdict(list)
        self._fill()

    def _fill(self) -> None:
        facts = self.facts
        for trigger in facts.triggers:
            self.triggers[trigger.relation].append(trigger)
        for rule in facts.rules:
            self.rules[rule.relation].append(rule)
        for key in facts.foreign_keys:
            self.keys[key.references].append(key)
        for expression in facts.expressions:
            self.expressions[expression.relation].append(expression)
        for link in facts.inheritance:
            (self.partitions if link.partition else self.children)[link.parent].append(link.child)
        for table in facts.content:
            for one in self.descendants(table.oid):
                self.partition_roots[one] = table.oid
        for relation in facts.relations:
            self._names[relation.name.name].append(relation)
        for function in facts.functions:
            self._function_names[function.name.name].append(function)

    def descendants(self, oid: int) -> Iterator[int]:
        """The relation and all its partitions."""
        yield oid
        for child in self.partitions.get(oid, ()):
            yield from self.descendants(child)

    def heirs(self, oid: int) -> Iterator[int]:
        """All that inherit from the relation, partitions left out."""
        for child in self.children.get(oid, ()):
            yield child
            yield from self.heirs(child)

    def show(self, oid: int) -> str:
        """A relation's name."""
        found = self.relations.get(oid)
        return str(found.name) if found else f"relation {oid}"

    def is_content(self, oid: int) -> bool:
        """Whether a relation is a content table or a partition of one."""
        return oid in self.partition_roots

    def find_relations(self, reference: Reference, path: Path) -> tuple[list[RelationFact], bool]:
        """Which relations a name may mean, and whether the search path finds none."""
        schema, name = reference
        named = self._names.get(name, [])
        if schema is not None:
            return [one for one in named if one.name.schema == schema], False
        if path is None:
            return named, False
        for candidate in path:
            found = [one for one in named if one.name.schema == candidate]
            if found:
                return found, False
        return named, bool(named)

    def find_functions(self, reference: Reference, path: Path) -> tuple[list[FunctionFact], bool]:
        """Which functions that are not built in a name may mean, and whether the search path finds none."""
        schema, name = reference
        named = self._function_names.get(name, [])
        if not schema:
            inside = [one for one in named if path is None or one.name.schema in path]
            return (inside, False) if inside or schema == "" else (named, bool(named))
        return [one for one in named if one.name.schema == schema], False

    def body(self, function: FunctionFact) -> Body:
        """What the function's text does; opaque where it was not read, and then noted as unread."""
        found = self.bodies.get(function.oid)
        if found is None:
            self.unread_functions.add(function.oid)
            body = Body()
            body.give_up("its text was not read")
            return body
        return read_function(function.language, found.definition, found.source)

    def takers_of_rows(self, fields: Iterable[str]) -> Iterator[FunctionFact]:
        """Functions that ``row.field`` may call."""
        for name in fields:
            for function in self._function_names.get(name, ()):
                if function.takes_row:
                    yield function
