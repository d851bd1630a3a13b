"""The facts of a server, indexed: what a name may mean, what hangs on a relation, what an object needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from egrow_replica.effects.bodies import Body, Reference, read_function
from egrow_replica.effects.facts import (
    FIRST_NORMAL_OID,
    IMPLICIT,
    EffectFacts,
    ForeignKeyFact,
    FunctionFact,
    Link,
    ObjectId,
    RelationFact,
    RuleFact,
    TriggerFact,
)
from egrow_replica.effects.lists import (
    BUILTIN,
    INTERNAL,
    LIBRARIES,
    NOT_COMPUTING,
    TEXT_SEARCH,
    TYPE_LIBRARIES,
    WRITTEN_IN_SQL,
)

#: Where functions look for bare names; ``None``: it cannot be told, so everywhere.
Path = tuple[str, ...] | None

#: Catalogs whose objects do nothing of themselves: what they need is what matters. Any other is refused.
_PASSIVE = frozenset(
    {
        *(
            "pg_am",
            "pg_attrdef",
            "pg_cast",
            "pg_collation",
            "pg_constraint",
            "pg_language",
            "pg_opclass",
            "pg_operator",
        ),
        *(
            "pg_opfamily",
            "pg_partitioned_table",
            "pg_policy",
            "pg_rewrite",
            "pg_statistic_ext",
            "pg_trigger",
            "pg_type",
        ),
        *("pg_ts_config", "pg_ts_dict", "pg_ts_parser", "pg_ts_template", "type_default"),
    }
)
#: Built-in functions that only compute, and those of them that a row of ``pg_proc`` cannot change.
_COMPUTING = BUILTIN - TEXT_SEARCH
_COMPILED = BUILTIN - WRITTEN_IN_SQL
_INDEXES = ("index", "exclusion")
#: Links to functions that are called by their name, and not by a type, an operator, a cast or an index.
_BY_NAME = ("calls", "needs")


@dataclass
class CatalogIndex:
    """The facts, indexed."""

    facts: EffectFacts
    relations: dict[int, RelationFact] = field(default_factory=dict)
    functions: dict[int, FunctionFact] = field(default_factory=dict)
    unread: set[ObjectId] = field(default_factory=set)

    def __post_init__(self) -> None:
        facts = self.facts
        self.relations = {one.oid: one for one in facts.relations}
        self.functions = {one.oid: one for one in facts.functions}
        self.bodies = {one.oid: one for one in facts.bodies}
        self.triggers: dict[int, list[TriggerFact]] = defaultdict(list)
        self.rules: dict[int, list[RuleFact]] = defaultdict(list)
        self.keys: dict[int, list[ForeignKeyFact]] = defaultdict(list)
        self.children: dict[int, list[int]] = defaultdict(list)
        self.partitions: dict[int, list[int]] = defaultdict(list)
        self.partition_roots: dict[int, int] = {}
        self._names: dict[str, list[RelationFact]] = defaultdict(list)
        self._function_names: dict[str, list[FunctionFact]] = defaultdict(list)
        self._links: dict[ObjectId, list[Link]] = defaultdict(list)
        self._parts: dict[tuple[int, str, str], list[Link]] = defaultdict(list)
        self._needed: dict[tuple[ObjectId, bool], tuple[Link, ...]] = {}
        self._fill()

    def _fill(self) -> None:
        facts = self.facts
        for trigger in facts.triggers:
            self.triggers[trigger.relation].append(trigger)
        for rule in facts.rules:
            self.rules[rule.relation].append(rule)
        for key in facts.foreign_keys:
            self.keys[key.references].append(key)
        for inherits in facts.inheritance:
            (self.partitions if inherits.partition else self.children)[inherits.parent].append(inherits.child)
        for table in facts.content:
            for one in self.descendants(table.oid):
                self.partition_roots[one] = table.oid
        for relation in facts.relations:
            self._names[relation.name.name].append(relation)
        for function in facts.functions:
            self._function_names[function.name.name].append(function)
        for link in facts.links:
            self._links[link.source].append(link)
            if link.of_catalog == "pg_class":
                self._parts[link.of_oid, link.kind, link.name].append(link)

    # --------------------------------------------------------------------------------------------------- relations

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

    def own_columns(self, oid: int) -> frozenset[str]:
        """Columns of content whose values are production's own."""
        root = self.partition_roots.get(oid)
        return frozenset(name for table in self.facts.content if table.oid == root for name in table.own)

    # ------------------------------------------------------------------------------------------------------- links

    @cached_property
    def _read(self) -> frozenset[ObjectId]:
        return frozenset(link.target for link in self.facts.links)

    def has_read(self, catalog: str, oid: int) -> bool:
        """Whether what an object needs was read; where it was not, it is noted as unread."""
        one = ObjectId(catalog, oid)
        if one not in self._read:
            self.unread.add(one)
        return one in self._read

    def parts(self, catalog: str, oid: int) -> list[Link]:
        """What an object has as parts, or needs at once."""
        return self._links.get(ObjectId(catalog, oid), [])

    def part(self, oid: int, kind: str, name: str) -> Iterator[Link]:
        """A relation's part of that kind and name."""
        yield from self._parts.get((oid, kind, name), ())

    def needed(self, first: Link) -> tuple[Link, ...]:
        """Every link to a function or relation, or to what is not known, that a link leads to; cycles end."""
        key = first.target, first.kind in _BY_NAME
        known = self._needed.get(key)
        if known is None:
            known = self._needed[key] = tuple(self._follow(first))
        return known

    def _follow(self, first: Link) -> Iterator[Link]:
        seen: set[tuple[ObjectId, bool]] = set()
        waiting = [first]
        while waiting:
            link = waiting.pop()
            key = link.target, link.kind in _BY_NAME
            if key in seen:
                continue
            seen.add(key)
            if not _is_passive(link):
                if not self.is_harmless(link):
                    yield link
            elif link.target in self._leading:
                waiting.extend(self._links.get(link.target, ()))

    @cached_property
    def _leading(self) -> set[ObjectId]:
        """Objects from which a way leads to something that is not known: most lead nowhere, and are not followed."""
        sources: dict[ObjectId, list[ObjectId]] = defaultdict(list)
        waiting = []
        for link in self.facts.links:
            if _is_passive(link):
                sources[link.target].append(link.source)
            elif not self.is_harmless(link):
                waiting.append(link.source)
        found: set[ObjectId] = set()
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(sources[one])
        return found

    @cached_property
    def implicit(self) -> tuple[tuple[Link, Link], ...]:
        """What a text can use without naming a function, and each link to a function that is not known by which."""
        if not self._has_implicit:
            self.unread.add(IMPLICIT)
        found: dict[tuple[str, str, ObjectId], tuple[Link, Link]] = {}
        for root in self.facts.links:
            for link in self.needed(root) if root.kind == "implicit" else ():
                sign = root.name if root.catalog == "pg_operator" else ""
                found.setdefault((root.catalog, sign, link.target), (root, link))
        return tuple(found.values())

    @cached_property
    def _has_implicit(self) -> bool:
        return any(link.target == IMPLICIT for link in self.facts.links)

    def is_harmless(self, link: Link) -> bool:
        """Whether a link leads to a function that only computes, whatever its arguments, and that calls no other."""
        if link.catalog != "pg_proc":
            return False
        function = self.functions.get(link.oid)
        if function is None:
            return link.name in _COMPUTING
        calls = any(part.catalog == "pg_proc" for part in self.parts("pg_proc", link.oid))
        return self.computes(function, libraries_of(link)) and not calls

    def computes(self, function: FunctionFact, libraries: dict[str, str]) -> bool:
        """Whether it is a C function of a library that only computes, or a built-in under another name."""
        if function.security_definer or function.settings:
            return False
        if function.language == "internal" and function.oid < FIRST_NORMAL_OID:
            return function.name.name in _COMPILED
        if function.language == "internal":
            return function.symbol in INTERNAL
        library = function.library.removeprefix("$libdir/")
        return (
            function.language == "c"
            and function.library == f"$libdir/{library}"
            and library in libraries
            and function.extension == libraries[library]
            and function.symbol not in NOT_COMPUTING
        )

    # ------------------------------------------------------------------------------------------------------- names

    def find_relations(self, reference: Reference, path: Path) -> tuple[list[RelationFact], bool]:
        """Which relations a name may mean, and whether the search path finds none."""
        schema, name = reference
        named = self._names.get(name, [])
        if schema is not None:
            return [one for one in named if one.name.schema == schema], False
        if path is None:
            return named, False
        for candidate in ("pg_catalog", *path):
            found = [one for one in named if one.name.schema == candidate]
            if found:
                return found, False
        return named, bool(named)

    def find_functions(self, reference: Reference, path: Path) -> tuple[list[FunctionFact], bool]:
        """Which functions that are not built in a name may mean, and whether the search path finds none."""
        schema, name = reference
        named = self._function_names.get(name, [])
        if not schema:
            inside = [one for one in named if path is None or one.name.schema in ("pg_catalog", *path)]
            return (inside, False) if inside or schema == "" else (named, bool(named))
        return [one for one in named if one.name.schema == schema], False

    def body(self, function: FunctionFact) -> Body:
        """What the function's text does; opaque where it was not read."""
        found = self.bodies.get(function.oid)
        if found is None:
            self.unread.add(ObjectId("pg_proc", function.oid))
            body = Body()
            body.give_up("its text was not read")
            return body
        return read_function(function.language, found.definition, found.source)

    def called_by_dot(self, fields: Iterable[str]) -> Iterator[FunctionFact]:
        """Functions that ``(value).field`` may call."""
        for name in fields:
            for function in self._function_names.get(name, ()):
                if function.one_argument:
                    yield function


def _is_passive(link: Link) -> bool:
    return link.catalog in _PASSIVE or (link.catalog == "pg_class" and link.kind in _INDEXES)


def libraries_of(link: Link) -> dict[str, str]:
    """The libraries of which a function that is reached like this is known to compute."""
    return LIBRARIES if link.kind in _BY_NAME else TYPE_LIBRARIES
