"""From a write to everything that the server would do because of it: a walk over what is known of the server.

A node is a relation that is written or a function that runs; an edge says why. The walk is breadth first, so the chain
that leads to a target is the shortest. Where the facts do not say which of several things a name means, all of them
are followed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from egrow_replica.guard.closure_atlas import Atlas, Path
from egrow_replica.guard.closure_body import Body, Reference, read_rule
from egrow_replica.guard.closure_facts import ExpressionFact, FunctionFact, Mode, RelationFact, TriggerFact
from egrow_replica.guard.closure_lists import (
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
from egrow_replica.guard.closure_remedies import (
    disarm_rule,
    disarm_trigger,
    drop_rule,
    make_invoker,
    remove_expression,
    set_search_path,
)

_ACTION_WORDS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass(frozen=True)
class Place:
    """Where the walk stands: a relation under an event, or a function under a search path."""

    kind: str
    oid: int
    event: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Reached:
    """Something worth a finding.

    :ivar kind: relation (written), anything, definer, notice, missing (a bare name that the path does not find).
    :ivar cure: the SQL that takes the chain's first link out, or what it lacks in; ``""`` where no statement does.
    """

    kind: str
    what: str
    relation: int | None
    chain: str
    cure: str


class Walk:
    """One walk, from one write or one function."""

    def __init__(self, atlas: Atlas, mode: Mode) -> None:
        self._atlas = atlas
        self._mode = mode
        self._chains: dict[Place, str] = {}
        #: What cures everything that is reached from a place, and what cures the link that is followed now.
        self._cures: dict[Place, str] = {}
        self._cure = ""
        self._queue: deque[Place] = deque()
        self.reached: dict[tuple[str, str], Reached] = {}

    # ------------------------------------------------------------------------------------------------- beginnings

    def from_write(self, oid: int, event: str, columns: frozenset[str] | None, skipped: frozenset[str]) -> None:
        """Walk from a write to a content table.

        :param columns: what an UPDATE sets. :param skipped: columns whose default is not needed.
        """
        atlas = self._atlas
        start = Place("write", oid, event)
        self._chains[start] = atlas.show(oid)
        for one in atlas.descendants(oid):
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
        """Walk from a function that something else calls: an event trigger, a trigger on the journal."""
        start = Place("start", function)
        self._chains[start] = subject
        self._call_oid(start, why, function, builtin, EMPTY)
        self.run()

    def _in_trees(self, oid: int) -> frozenset[int]:
        partitions = self._atlas.partitions
        return frozenset(self._atlas.descendants(oid)) if partitions.get(oid) else frozenset()

    def run(self) -> None:
        """Follow everything that was found so far."""
        while self._queue:
            place = self._queue.popleft()
            if place.kind == "function":
                self._function(place)
            else:
                self._written(place)

    # --------------------------------------------------------------------------------------------------- relations

    @property
    def _nested(self) -> Mode:
        """What a statement inside a function meets: in the apply worker, what the replica role makes it meet."""
        return Mode.REPLICA if self._mode is Mode.APPLY else self._mode

    def _written(self, place: Place) -> None:
        atlas = self._atlas
        for one in atlas.descendants(place.oid):
            for event in (place.event, *(("insert", "delete") if one != place.oid and place.event == "update" else ())):
                self._triggers(place, one, self._nested, event, None)
            self._expressions(place, one, place.event, frozenset())
            self._keys(place, one, place.event)
        self._rules(place, place.oid, place.event)

    def _triggers(self, place: Place, oid: int, mode: Mode, event: str, columns: frozenset[str] | None) -> None:
        atlas = self._atlas
        for trigger in atlas.triggers.get(oid, ()):
            if not trigger.fires(mode, event, columns) or trigger.builtin in ACTIONS:
                continue
            on = f" on {atlas.show(oid)}" if oid != place.oid else ""
            word = {"A": "ALWAYS", "R": "REPLICA"}.get(trigger.enabled, "ENABLED")
            why = f"trigger {trigger.name}{on} ({word}, {trigger.timing} {event.upper()})"
            if trigger.builtin in TRIGGERS and trigger.builtin not in TEXT_SEARCH:
                continue
            self._cure = self._disarm(oid, trigger, mode)
            if trigger.timing == "BEFORE" and trigger.for_each_row and atlas.is_content(oid):
                self._reach(place, why, "changes", trigger.name, oid)
            self._call_oid(place, why, trigger.function, trigger.builtin, EMPTY)
            for expression in atlas.expressions.get(oid, ()):
                if expression.kind == "when" and expression.name == trigger.name:
                    self._expression(place, expression)

    def _disarm(self, oid: int, trigger: TriggerFact, mode: Mode) -> str:
        found = self._atlas.relations.get(oid)
        return disarm_trigger(found.name, trigger, mode) if found is not None else ""

    def _expressions(self, place: Place, oid: int, event: str, skipped: frozenset[str]) -> None:
        for expression in self._atlas.expressions.get(oid, ()):
            if _computed(expression, event, skipped):
                found = self._atlas.relations.get(oid)
                self._cure = remove_expression(found.name, expression) if found is not None else ""
                self._expression(place, expression)

    def _expression(self, place: Place, expression: ExpressionFact) -> None:
        name = expression.name or expression.column
        why = f"{_KINDS.get(expression.kind, expression.kind)} {name}".strip()
        libraries = TYPE_LIBRARIES if expression.kind in ("type", "index", "exclusion") else LIBRARIES
        for function in expression.functions:
            self._call_oid(place, why, function, "", EMPTY, libraries)
        for builtin in expression.builtins:
            self._builtin(place, why, builtin)

    def _rules(self, place: Place, oid: int, event: str) -> None:
        for rule in self._atlas.rules.get(oid, ()):
            if rule.event == event and rule.enabled in self._nested.firing:
                why = f"rule {rule.name} (ON {event.upper()})"
                found = self._atlas.relations.get(oid)
                if found is not None:
                    self._cure = (drop_rule if self._atlas.is_content(oid) else disarm_rule)(found.name, rule)
                self._text(place, why, read_rule(rule.definition), EMPTY)

    def _keys(self, place: Place, oid: int, event: str) -> None:
        for key in self._atlas.keys.get(oid, ()):
            action = key.on_delete if event == "delete" else key.on_update
            enabled = key.delete_enabled if event == "delete" else key.update_enabled
            word = _ACTION_WORDS.get(action)
            if event not in ("delete", "update") or word is None or enabled not in self._mode.firing:
                continue
            then = "delete" if event == "delete" and action == "c" else "update"
            self._cure = self._disarm_key(oid, event)
            self._write(place, f"foreign key {key.name} (ON {event.upper()} {word})", key.table, then)

    def _disarm_key(self, oid: int, event: str) -> str:
        """Whichever of the referenced table's triggers somebody let carry actions out under replication."""
        carriers = [
            trigger
            for trigger in self._atlas.triggers.get(oid, ())
            if trigger.builtin in ACTIONS and trigger.enabled in self._mode.firing and event in trigger.events
        ]
        return " ".join(self._disarm(oid, trigger, self._mode).partition(" --")[0] for trigger in carriers)

    def _write(self, place: Place, why: str, oid: int, event: str) -> None:
        target = Place("write", oid, event)
        self._reach(place, why, "relation", self._atlas.show(oid), oid)
        self._visit(place, why, target, self._atlas.show(oid))

    # --------------------------------------------------------------------------------------------------- functions

    def _call_oid(
        self, place: Place, why: str, oid: int, builtin: str, path: Path, libraries: frozenset[str] = LIBRARIES
    ) -> None:
        function = self._atlas.functions.get(oid)
        if function is not None:
            self._call(place, why, function, path, libraries)
        elif builtin:
            self._builtin(place, why, builtin)
        else:
            self._reach(place, why, "anything", f"function {oid}, which is gone", None)

    def _builtin(self, place: Place, why: str, name: str) -> None:
        if name in TEXT_SEARCH:
            for template in self._atlas.facts.ambient.dictionaries:
                self._reach(place, why, "anything", f"{name}() with the text search template {template}", None)
        elif name == "nextval":
            return  # judged with the sequences
        elif name in ACTING:
            self._reach(place, why, "notice", f"{name}()", None)
        elif name not in BUILTIN and name not in TRIGGERS:
            self._reach(place, why, "anything", f"{name}(), which is not on the list", None)

    def _call(
        self, place: Place, why: str, function: FunctionFact, path: Path, libraries: frozenset[str] = LIBRARIES
    ) -> None:
        if function.name in self._atlas.trusted or _computes(function, libraries):
            return
        shown = f"{function.name}()"
        if function.security_definer:
            self._reach(place, why, "definer", shown, None, cure=self._link_cure(place) or make_invoker(function))
        own = function.setting("search_path")
        inner = _schemas(own) if own is not None else path
        self._visit(place, why, Place("function", function.oid, path=inner), shown)

    def _function(self, place: Place) -> None:
        self._cure = ""
        function = self._atlas.functions[place.oid]
        for part in function.parts:
            self._call_oid(place, "is made of", part, "", place.path)
        if function.kind == "a":
            return
        if function.language in ("c", "internal"):
            self._reach(
                place, "", "anything", f"{function.language} function of {function.library or 'the server'}", None
            )
            return
        for name in ("session_replication_role", "role", "row_security"):
            if function.setting(name) is not None:
                self._reach(place, "", "anything", f"it runs with its own {name}", None)
        self._text(place, "", self._atlas.body(function), place.path)
        self._ambient(place)

    def _text(self, place: Place, why: str, body: Body, path: Path) -> None:
        atlas = self._atlas
        path = None if body.free_path else path
        before = f"{why}: " if why else ""
        if body.opaque:
            self._reach(place, before.removesuffix(": "), "anything", body.opaque, None)
        for act in sorted(body.acts):
            self._reach(place, why, "notice", act, None)
        for write in sorted(body.writes, key=lambda write: (write.verb, str(write.target))):
            self._named_write(place, f"{before}{write.verb.upper()}", write.target, write.verb, path, write.children)
        for read in sorted(body.reads, key=str):
            self._read(place, before, read, path)
        for call in sorted(body.calls, key=str):
            self._named_call(place, f"{before}calls", call, path)
        for function in atlas.takers_of_rows(body.fields):
            self._call(place, f"{before}calls", function, path)

    def _named_write(
        self, place: Place, why: str, target: Reference, verb: str, path: Path, with_children: bool
    ) -> None:
        found, missing = self._atlas.find_relations(target, path)
        if missing:
            cure = self._find(place, path, [one.name.schema for one in found])
            self._reach(place, why, "missing", _shown(target), None, cure=cure)
        if not found:
            self._reach(place, why, "anything", f"{_shown(target)}, which is no table that we know", None)
        for relation in found:
            self._write(place, why, relation.oid, verb)
            for child in self._atlas.heirs(relation.oid) if with_children else ():
                self._write(place, f"{why} (inheritance)", child, verb)

    def _read(self, place: Place, before: str, target: Reference, path: Path) -> None:
        found, missing = self._atlas.find_relations(target, path)
        if missing:
            cure = self._find(place, path, [one.name.schema for one in found])
            self._reach(place, f"{before}reads", "missing", _shown(target), None, cure=cure)
        for relation in found:
            self._read_relation(place, f"{before}reads", relation, path)

    def _read_relation(self, place: Place, why: str, relation: RelationFact, path: Path) -> None:
        if relation.row_security:
            self._reach(place, why, "anything", f"{relation.name}, whose row security runs its policies", None)
        elif relation.kind == "f":
            self._reach(place, why, "anything", f"{relation.name}, a foreign table", None)
        elif relation.kind == "v":
            view = self._atlas.views.get(relation.oid)
            if view is None:
                self._atlas.unread_views.add(relation.oid)
                self._reach(place, why, "anything", f"{relation.name}, a view that was not read", None)
                return
            through = f"{why} {relation.name}, which calls"
            for function in view.functions:
                self._call_oid(place, through, function, "", path)
            for builtin in view.builtins:
                self._builtin(place, through, builtin)
            for oid in view.reads:
                if oid != relation.oid and oid in self._atlas.relations:
                    self._read_relation(place, why, self._atlas.relations[oid], path)

    def _named_call(self, place: Place, why: str, call: Reference, path: Path) -> None:
        found, missing = self._atlas.find_functions(call, path)
        schema, name = call
        if schema == "":  # only looks like a call: what is not ours to know is left to the parser
            for function in found:
                self._call(place, why, function, path)
            return
        builtin = schema in (None, "pg_catalog") and (name in BUILTIN or name in ACTING)
        if builtin and missing:
            found = []  # pg_catalog is always searched, the others are not
        if builtin:
            self._builtin(place, why, name)
        elif not found or (schema is None and any(function.shadows for function in found)):
            self._reach(place, why, "anything", f"{_shown(call)}(), which is not on the list", None)
        elif missing:
            cure = self._find(place, path, [one.name.schema for one in found])
            self._reach(place, why, "missing", f"{_shown(call)}()", None, cure=cure)
        for function in found:
            self._call(place, why, function, path)

    def _ambient(self, place: Place) -> None:
        ambient = self._atlas.facts.ambient
        for function in ambient.functions:
            self._call_oid(place, "may call, by an operator, a cast or a type,", function, "", place.path)
        for builtin in ambient.builtins:
            self._builtin(place, "may call, by a domain,", builtin)

    def _find(self, place: Place, path: Path, schemas: list[str]) -> str:
        """A search path for the function that stands here, where only one schema can be meant."""
        function = self._atlas.functions.get(place.oid) if place.kind == "function" else None
        if function is None or path is None or len(set(schemas)) != 1:
            return ""
        return set_search_path(function, [*path, *schemas])

    # -------------------------------------------------------------------------------------------------- bookkeeping

    def _link_cure(self, place: Place) -> str:
        """What takes out the first link of a chain that goes on from here."""
        return self._cures.get(place) or self._cure

    def _visit(self, place: Place, why: str, target: Place, shown: str) -> None:
        if target not in self._chains:
            self._cures[target] = self._link_cure(place)
            self._chains[target] = f"{self._chains[place]} —{why}→ {shown}"
            self._queue.append(target)

    def _reach(
        self, place: Place, why: str, kind: str, what: str, relation: int | None, *, cure: str | None = None
    ) -> None:
        arrow = f" —{why}→ " if why else " → "
        shown = f"anything ({what})" if kind == "anything" else what
        chain = self._chains[place] + ("" if kind == "changes" else arrow + shown)
        if kind == "changes":
            chain = f"{self._chains[place]} —{why}"
        cure = self._link_cure(place) if cure is None else cure
        self.reached.setdefault((kind, what), Reached(kind, what, relation, chain, cure))


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
