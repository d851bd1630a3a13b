"""From a write to everything that the server would do because of it: a trace over what is known of the server.

A node is a relation that is written or a function that runs; an edge says why. The trace is breadth first, so the chain
that leads to a target is the shortest. Where the facts do not say which of several things a name means, all of them
are followed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from egrow_replica.effects.bodies import Body, Reference, read_rule
from egrow_replica.effects.facts import ExpressionFact, FunctionFact, Mode, RelationFact, TriggerFact
from egrow_replica.effects.hints import (
    disarm_rule,
    disarm_trigger,
    drop_rule,
    make_invoker,
    remove_expression,
    set_search_path,
)
from egrow_replica.effects.index import CatalogIndex, Path
from egrow_replica.effects.lists import (
    ACTING,
    ACTIONS,
    BUILTIN,
    INTERNAL,
    LIBRARIES,
    NOT_COMPUTING,
    TEXT_SEARCH,
    TRIGGERS,
    TYPE_LIBRARIES,
)

_ACTION_WORDS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass(frozen=True)
class TracePoint:
    """Where the tracer stands: a relation under an event, or a function under a search path."""

    kind: str
    oid: int
    event: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Effect:
    """Something worth a finding.

    :ivar kind: relation (written), anything, definer, notice, missing (a bare name that the path does not find).
    :ivar hint: the SQL that takes the chain's first link out, or what it lacks in; ``""`` where no statement does.
    """

    kind: str
    what: str
    relation: int | None
    chain: str
    hint: str


class Tracer:
    """One trace, from one write or one function."""

    def __init__(self, index: CatalogIndex, mode: Mode) -> None:
        self._index = index
        self._mode = mode
        self._chains: dict[TracePoint, str] = {}
        #: What takes out everything that is reached from a point, and what takes out the link that is followed now.
        self._hints: dict[TracePoint, str] = {}
        self._hint = ""
        self._queue: deque[TracePoint] = deque()
        self.reached: dict[tuple[str, str], Effect] = {}

    # ------------------------------------------------------------------------------------------------- beginnings

    def from_write(self, oid: int, event: str, columns: frozenset[str] | None, skipped: frozenset[str]) -> None:
        """Tracer from a write to a content table.

        :param columns: what an UPDATE sets. :param skipped: columns whose default is not needed.
        """
        index = self._index
        start = TracePoint("write", oid, event)
        self._chains[start] = index.show(oid)
        for one in index.descendants(oid):
            # An UPDATE moves a row from one partition to another by DELETE and INSERT.
            moved = ("insert", "delete") if event == "update" and one in self._in_trees(oid) else ()
            for each in (event, *moved):
                self._triggers(start, one, self._mode, each, columns)
            self._expressions(start, one, event, skipped)
            self._keys(start, one, event)
        if self._mode is not Mode.APPLY:
            self._rules(start, oid, event)
        self.run()

    def from_function(self, subject: str, why: str, function: int, builtin: str) -> None:
        """Tracer from a function that something else calls: an event trigger, a trigger on the journal."""
        start = TracePoint("start", function)
        self._chains[start] = subject
        self._call_oid(start, why, function, builtin, EMPTY)
        self.run()

    def _in_trees(self, oid: int) -> frozenset[int]:
        partitions = self._index.partitions
        return frozenset(self._index.descendants(oid)) if partitions.get(oid) else frozenset()

    def run(self) -> None:
        """Follow everything that was found so far."""
        while self._queue:
            point = self._queue.popleft()
            if point.kind == "function":
                self._function(point)
            else:
                self._written(point)

    # --------------------------------------------------------------------------------------------------- relations

    @property
    def _nested(self) -> Mode:
        """What a statement inside a function meets: in the apply worker, what the replica role makes it meet."""
        return Mode.REPLICA if self._mode is Mode.APPLY else self._mode

    def _written(self, point: TracePoint) -> None:
        index = self._index
        for one in index.descendants(point.oid):
            for event in (point.event, *(("insert", "delete") if one != point.oid and point.event == "update" else ())):
                self._triggers(point, one, self._nested, event, None)
            self._expressions(point, one, point.event, frozenset())
            self._keys(point, one, point.event)
        self._rules(point, point.oid, point.event)

    def _triggers(self, point: TracePoint, oid: int, mode: Mode, event: str, columns: frozenset[str] | None) -> None:
        index = self._index
        for trigger in index.triggers.get(oid, ()):
            if not trigger.fires(mode, event, columns) or trigger.builtin in ACTIONS:
                continue
            on = f" on {index.show(oid)}" if oid != point.oid else ""
            word = {"A": "ALWAYS", "R": "REPLICA"}.get(trigger.enabled, "ENABLED")
            why = f"trigger {trigger.name}{on} ({word}, {trigger.timing} {event.upper()})"
            if trigger.builtin in TRIGGERS and trigger.builtin not in TEXT_SEARCH:
                continue
            self._hint = self._disarm(oid, trigger, mode)
            if trigger.timing == "BEFORE" and trigger.for_each_row and index.is_content(oid):
                self._reach(point, why, "changes", trigger.name, oid)
            self._call_oid(point, why, trigger.function, trigger.builtin, EMPTY)
            for expression in index.expressions.get(oid, ()):
                if expression.kind == "when" and expression.name == trigger.name:
                    self._expression(point, expression)

    def _disarm(self, oid: int, trigger: TriggerFact, mode: Mode) -> str:
        found = self._index.relations.get(oid)
        return disarm_trigger(found.name, trigger, mode) if found is not None else ""

    def _expressions(self, point: TracePoint, oid: int, event: str, skipped: frozenset[str]) -> None:
        for expression in self._index.expressions.get(oid, ()):
            if _computed(expression, event, skipped):
                found = self._index.relations.get(oid)
                self._hint = remove_expression(found.name, expression) if found is not None else ""
                self._expression(point, expression)

    def _expression(self, point: TracePoint, expression: ExpressionFact) -> None:
        name = expression.name or expression.column
        why = f"{_KINDS.get(expression.kind, expression.kind)} {name}".strip()
        libraries = TYPE_LIBRARIES if expression.kind in ("type", "index", "exclusion") else LIBRARIES
        for function in expression.functions:
            self._call_oid(point, why, function, "", EMPTY, libraries)
        for builtin in expression.builtins:
            self._builtin(point, why, builtin)

    def _rules(self, point: TracePoint, oid: int, event: str) -> None:
        for rule in self._index.rules.get(oid, ()):
            if rule.event == event and rule.enabled in self._nested.firing:
                why = f"rule {rule.name} (ON {event.upper()})"
                found = self._index.relations.get(oid)
                if found is not None:
                    self._hint = (drop_rule if self._index.is_content(oid) else disarm_rule)(found.name, rule)
                self._text(point, why, read_rule(rule.definition), EMPTY)

    def _keys(self, point: TracePoint, oid: int, event: str) -> None:
        for key in self._index.keys.get(oid, ()):
            action = key.on_delete if event == "delete" else key.on_update
            enabled = key.delete_enabled if event == "delete" else key.update_enabled
            word = _ACTION_WORDS.get(action)
            if event not in ("delete", "update") or word is None or enabled not in self._mode.firing:
                continue
            then = "delete" if event == "delete" and action == "c" else "update"
            self._hint = self._disarm_key(oid, event)
            self._write(point, f"foreign key {key.name} (ON {event.upper()} {word})", key.table, then)

    def _disarm_key(self, oid: int, event: str) -> str:
        """Whichever of the referenced table's triggers somebody let carry actions out under replication."""
        carriers = [
            trigger
            for trigger in self._index.triggers.get(oid, ())
            if trigger.builtin in ACTIONS and trigger.enabled in self._mode.firing and event in trigger.events
        ]
        return " ".join(self._disarm(oid, trigger, self._mode).partition(" --")[0] for trigger in carriers)

    def _write(self, point: TracePoint, why: str, oid: int, event: str) -> None:
        target = TracePoint("write", oid, event)
        self._reach(point, why, "relation", self._index.show(oid), oid)
        self._visit(point, why, target, self._index.show(oid))

    # --------------------------------------------------------------------------------------------------- functions

    def _call_oid(
        self, point: TracePoint, why: str, oid: int, builtin: str, path: Path, libraries: frozenset[str] = LIBRARIES
    ) -> None:
        function = self._index.functions.get(oid)
        if function is not None:
            self._call(point, why, function, path, libraries)
        elif builtin:
            self._builtin(point, why, builtin)
        else:
            self._reach(point, why, "anything", f"function {oid}, which is gone", None)

    def _builtin(self, point: TracePoint, why: str, name: str) -> None:
        if name in TEXT_SEARCH:
            for template in self._index.facts.implicit_calls.dictionaries:
                self._reach(point, why, "anything", f"{name}() with the text search template {template}", None)
        elif name == "nextval":
            return  # judged with the sequences
        elif name in ACTING:
            self._reach(point, why, "notice", f"{name}()", None)
        elif name not in BUILTIN and name not in TRIGGERS:
            self._reach(point, why, "anything", f"{name}(), which is not on the list", None)

    def _call(
        self, point: TracePoint, why: str, function: FunctionFact, path: Path, libraries: frozenset[str] = LIBRARIES
    ) -> None:
        if function.name in self._index.trusted or _computes(function, libraries):
            return
        shown = f"{function.name}()"
        if function.security_definer:
            self._reach(point, why, "definer", shown, None, hint=self._link_hint(point) or make_invoker(function))
        own = function.setting("search_path")
        inner = _schemas(own) if own is not None else path
        self._visit(point, why, TracePoint("function", function.oid, path=inner), shown)

    def _function(self, point: TracePoint) -> None:
        self._hint = ""
        function = self._index.functions[point.oid]
        for part in function.parts:
            self._call_oid(point, "is made of", part, "", point.path)
        if function.kind == "a":
            return
        if function.language in ("c", "internal"):
            self._reach(
                point, "", "anything", f"{function.language} function of {function.library or 'the server'}", None
            )
            return
        for name in ("session_replication_role", "role", "row_security"):
            if function.setting(name) is not None:
                self._reach(point, "", "anything", f"it runs with its own {name}", None)
        self._text(point, "", self._index.body(function), point.path)
        self._implicit_calls(point)

    def _text(self, point: TracePoint, why: str, body: Body, path: Path) -> None:
        index = self._index
        path = None if body.free_path else path
        before = f"{why}: " if why else ""
        if body.opaque:
            self._reach(point, before.removesuffix(": "), "anything", body.opaque, None)
        for act in sorted(body.acts):
            self._reach(point, why, "notice", act, None)
        for write in sorted(body.writes, key=lambda write: (write.verb, str(write.target))):
            self._named_write(point, f"{before}{write.verb.upper()}", write.target, write.verb, path, write.children)
        for read in sorted(body.reads, key=str):
            self._read(point, before, read, path)
        for call in sorted(body.calls, key=str):
            self._named_call(point, f"{before}calls", call, path)
        for function in index.takers_of_rows(body.fields):
            self._call(point, f"{before}calls", function, path)

    def _named_write(
        self, point: TracePoint, why: str, target: Reference, verb: str, path: Path, with_children: bool
    ) -> None:
        found, missing = self._index.find_relations(target, path)
        if missing:
            hint = self._find(point, path, [one.name.schema for one in found])
            self._reach(point, why, "missing", _shown(target), None, hint=hint)
        if not found:
            self._reach(point, why, "anything", f"{_shown(target)}, which is no table that we know", None)
        for relation in found:
            self._write(point, why, relation.oid, verb)
            for child in self._index.heirs(relation.oid) if with_children else ():
                self._write(point, f"{why} (inheritance)", child, verb)

    def _read(self, point: TracePoint, before: str, target: Reference, path: Path) -> None:
        found, missing = self._index.find_relations(target, path)
        if missing:
            hint = self._find(point, path, [one.name.schema for one in found])
            self._reach(point, f"{before}reads", "missing", _shown(target), None, hint=hint)
        for relation in found:
            self._read_relation(point, f"{before}reads", relation, path)

    def _read_relation(self, point: TracePoint, why: str, relation: RelationFact, path: Path) -> None:
        if relation.row_security:
            self._reach(point, why, "anything", f"{relation.name}, whose row security runs its policies", None)
        elif relation.kind == "f":
            self._reach(point, why, "anything", f"{relation.name}, a foreign table", None)
        elif relation.kind == "v":
            view = self._index.views.get(relation.oid)
            if view is None:
                self._index.unread_views.add(relation.oid)
                self._reach(point, why, "anything", f"{relation.name}, a view that was not read", None)
                return
            through = f"{why} {relation.name}, which calls"
            for function in view.functions:
                self._call_oid(point, through, function, "", path)
            for builtin in view.builtins:
                self._builtin(point, through, builtin)
            for oid in view.reads:
                if oid != relation.oid and oid in self._index.relations:
                    self._read_relation(point, why, self._index.relations[oid], path)

    def _named_call(self, point: TracePoint, why: str, call: Reference, path: Path) -> None:
        found, missing = self._index.find_functions(call, path)
        schema, name = call
        if schema == "":  # only looks like a call: what is not ours to know is left to the parser
            for function in found:
                self._call(point, why, function, path)
            return
        builtin = schema in (None, "pg_catalog") and (name in BUILTIN or name in ACTING)
        if builtin and missing:
            found = []  # pg_catalog is always searched, the others are not
        if builtin:
            self._builtin(point, why, name)
        elif not found or (schema is None and any(function.shadows for function in found)):
            self._reach(point, why, "anything", f"{_shown(call)}(), which is not on the list", None)
        elif missing:
            hint = self._find(point, path, [one.name.schema for one in found])
            self._reach(point, why, "missing", f"{_shown(call)}()", None, hint=hint)
        for function in found:
            self._call(point, why, function, path)

    def _implicit_calls(self, point: TracePoint) -> None:
        implicit_calls = self._index.facts.implicit_calls
        for function in implicit_calls.functions:
            self._call_oid(point, "may call, by an operator, a cast or a type,", function, "", point.path)
        for builtin in implicit_calls.builtins:
            self._builtin(point, "may call, by a domain,", builtin)

    def _find(self, point: TracePoint, path: Path, schemas: list[str]) -> str:
        """A search path for the function that stands here, where only one schema can be meant."""
        function = self._index.functions.get(point.oid) if point.kind == "function" else None
        if function is None or path is None or len(set(schemas)) != 1:
            return ""
        return set_search_path(function, [*path, *schemas])

    # -------------------------------------------------------------------------------------------------- bookkeeping

    def _link_hint(self, point: TracePoint) -> str:
        """What takes out the first link of a chain that goes on from here."""
        return self._hints.get(point) or self._hint

    def _visit(self, point: TracePoint, why: str, target: TracePoint, shown: str) -> None:
        if target not in self._chains:
            self._hints[target] = self._link_hint(point)
            self._chains[target] = f"{self._chains[point]} —{why}→ {shown}"
            self._queue.append(target)

    def _reach(
        self, point: TracePoint, why: str, kind: str, what: str, relation: int | None, *, hint: str | None = None
    ) -> None:
        arrow = f" —{why}→ " if why else " → "
        shown = f"anything ({what})" if kind == "anything" else what
        chain = self._chains[point] + ("" if kind == "changes" else arrow + shown)
        if kind == "changes":
            chain = f"{self._chains[point]} —{why}"
        hint = self._link_hint(point) if hint is None else hint
        self.reached.setdefault((kind, what), Effect(kind, what, relation, chain, hint))


EMPTY: Path = ()

_KINDS = {"check": "CHECK", "default": "default of", "generated": "generated column", "when": "WHEN of trigger"}


def _computed(expression: ExpressionFact, event: str, skipped: frozenset[str]) -> bool:
    """Whether the server computes it for such a write."""
    if expression.kind == "default":
        return event == "insert" and expression.column not in skipped
    if expression.kind in ("type", "domain", "index", "exclusion", "statistics"):
        return True  # keys are looked up, and read, also for a DELETE; ANALYZE computes indexes and statistics
    return expression.kind != "when" and event in ("insert", "update")


def _computes(function: FunctionFact, libraries: frozenset[str]) -> bool:
    """A C function of a library that only computes, or a built-in under another name."""
    if function.language == "internal":
        return function.symbol in INTERNAL
    return function.language == "c" and function.library in libraries and function.symbol not in NOT_COMPUTING


def _schemas(setting: str) -> Path:
    """The schemas of a ``search_path``; ``None`` where one of them depends on who runs it."""
    names = [part.strip() for part in setting.split(",")]
    schemas = tuple(name[1:-1].replace('""', '"') if name.startswith('"') else name.lower() for name in names if name)
    schemas = tuple(name for name in schemas if name not in ("", "pg_catalog", "pg_temp"))
    return None if "$user" in schemas or ('""' in setting.replace(" ", "") and len(names) > 1) else schemas


def _shown(reference: Reference) -> str:
    schema, name = reference
    return f"{schema}.{name}" if schema else name
