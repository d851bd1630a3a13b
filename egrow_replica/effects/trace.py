"""From a write to everything that the server would do because of it: a trace over what is known of the server.

A point is a relation that is written or read, or a function that runs; an edge says why. The trace is breadth first, so
the chain that leads to a target is the shortest. Where the facts do not say which of several things a name means, all
of them are followed. What is reached and not known to be harmless is an effect, unless the reading of its text clears
it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Set
from dataclasses import dataclass

from egrow_replica.effects.bodies import POWERFUL_SETTINGS, Body, Reference, Write, read_rule
from egrow_replica.effects.facts import FIRST_NORMAL_OID, FunctionFact, Link, Mode, RelationFact, TriggerFact
from egrow_replica.effects.hints import (
    disarm_rule,
    disarm_trigger,
    drop_rule,
    make_invoker,
    remove_part,
    set_search_path,
)
from egrow_replica.effects.index import CatalogIndex, Path, libraries_of
from egrow_replica.effects.lists import (
    ACTING,
    ACTIONS,
    BUILTIN,
    KEY_CHECKS,
    LIBRARIES,
    TEXT_SEARCH,
    TRIGGERS,
    TYPE_LIBRARIES,
)

_ACTION_WORDS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass(frozen=True)
class TracePoint:
    """Where the tracer stands: a relation that is written by an event or read, or a function; and its search path."""

    kind: str
    oid: int
    event: str = ""
    path: Path = ()


@dataclass(frozen=True)
class Effect:
    """Something worth a finding.

    :ivar kind: relation (written), own (columns), locks (its rows), anything, definer, notice, missing (a bare
        name that the path does not find).
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
        """Follow a write to a content table.

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
            self._parts(start, one, event, skipped)
            self._keys(start, one, event)
        if self._mode is not Mode.APPLY:
            self._rules(start, oid, event)
        self.run()

    def from_function(self, subject: str, why: str, function: int, builtin: str) -> None:
        """Follow a function that something else calls: an event trigger, a trigger on the journal."""
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
            self._hint = ""
            match point.kind:
                case "function":
                    self._function(point)
                case "read":
                    self._reading(point)
                case _:
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
            self._parts(point, one, point.event, frozenset())
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
            self._hint = self._disarm(oid, trigger, mode)
            for part in index.part(oid, "when", trigger.name):
                self._needs(point, f"{why}: WHEN", part)
            if trigger.builtin in KEY_CHECKS:
                self._key_check(point, why, oid, refers=KEY_CHECKS[trigger.builtin])
            if trigger.builtin in TRIGGERS and trigger.builtin not in TEXT_SEARCH:
                continue
            if trigger.timing == "BEFORE" and trigger.for_each_row and index.is_content(oid):
                self._reach(point, why, "changes", trigger.name, oid)
                self._own_columns(point, why, oid, self._set_by(trigger) if event == "update" else frozenset())
            self._call_oid(point, why, trigger.function, trigger.builtin, EMPTY)

    def _set_by(self, trigger: TriggerFact) -> Set[str]:
        """Fields of the row that a trigger's function may set."""
        function = self._index.functions.get(trigger.function)
        if function is not None and function.language == "plpgsql":
            return self._index.body(function).sets
        return {"*"} if any("\\" in one for one in trigger.arguments) else set(trigger.arguments[:1])

    def _own_columns(self, point: TracePoint, why: str, oid: int, columns: Set[str]) -> None:
        """What is written of production's own values."""
        for column in sorted(self._index.own_columns(oid)):
            if column in columns or "*" in columns:
                self._reach(point, why, "own", f"{self._index.show(oid)}.{column}", oid)

    def _key_check(self, point: TracePoint, why: str, oid: int, *, refers: bool) -> None:
        """Somebody made a foreign key's check fire: it reads the other table, and locks the row that is referred to."""
        index = self._index
        keys = [one for one in index.facts.foreign_keys if oid == (one.table if refers else one.references)]
        for other in sorted({one.references if refers else one.table for one in keys}):
            if other in index.relations:
                self._read_relation(point, why, index.relations[other], EMPTY)
            if refers and not index.is_content(other):
                self._reach(point, why, "locks", index.show(other), other)
        for part in index.parts("pg_class", oid):
            if part.kind == "foreign key":
                self._needs(point, why, part)
        for root, link in index.implicit:
            if root.catalog == "pg_cast":
                self._link(point, f"{why}: by a cast", link)

    def _disarm(self, oid: int, trigger: TriggerFact, mode: Mode) -> str:
        found = self._index.relations.get(oid)
        return disarm_trigger(found.name, trigger, mode) if found is not None else ""

    def _parts(self, point: TracePoint, oid: int, event: str, skipped: frozenset[str]) -> None:
        for part in self._index.parts("pg_class", oid):
            if _computed(part, event, skipped):
                found = self._index.relations.get(oid)
                self._hint = remove_part(found.name, part) if found is not None else ""
                self._needs(point, _why(part), part)

    def _needs(self, point: TracePoint, why: str, part: Link, path: Path = ()) -> None:
        """Follow everything that a part leads to."""
        for link in self._index.needed(part):
            self._link(point, why, link, path)

    def _link(self, point: TracePoint, why: str, link: Link, path: Path = ()) -> None:
        if link.catalog == "pg_proc":
            self._call_oid(point, why, link.oid, link.name, path, libraries_of(link))
        elif link.catalog == "pg_class":
            self._needs_relation(point, why, link, path)
        else:
            self._reach(point, why, "anything", f"an object of {link.catalog}, which is not on the list", None)

    def _needs_relation(self, point: TracePoint, why: str, link: Link, path: Path) -> None:
        relation = self._index.relations.get(link.oid)
        if relation is None:
            if link.oid >= FIRST_NORMAL_OID:
                self._reach(point, why, "anything", f"relation {link.oid}, which is not known", None)
        elif relation.kind != "S":
            self._read_relation(point, why, relation, path)
        elif link.of_catalog != "pg_attrdef":  # a default's own sequence is judged with the sequences
            self._reach(point, why, "anything", f"the sequence {relation.name}", None)

    def _rules(self, point: TracePoint, oid: int, event: str) -> None:
        for rule in self._index.rules.get(oid, ()):
            if rule.event == event and rule.enabled in self._nested.firing:
                why = f"rule {rule.name} (ON {event.upper()})"
                found = self._index.relations.get(oid)
                if found is not None:
                    self._hint = (drop_rule if self._index.is_content(oid) else disarm_rule)(found.name, rule)
                self._text(point, why, read_rule(rule.definition), EMPTY)
                for part in self._index.part(oid, "rule", rule.name):
                    self._needs(point, why, part)

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

    def _write(self, point: TracePoint, why: str, oid: int, event: str, columns: Set[str] = frozenset({"*"})) -> None:
        target = TracePoint("write", oid, event)
        if event != "insert":
            self._own_columns(point, why, oid, columns)
        self._reach(point, why, "relation", self._index.show(oid), oid)
        self._visit(point, why, target, self._index.show(oid))

    # --------------------------------------------------------------------------------------------------- functions

    def _call_oid(
        self, point: TracePoint, why: str, oid: int, builtin: str, path: Path, libraries: dict[str, str] = LIBRARIES
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
            for root, link in self._index.implicit:
                if root.catalog in ("pg_ts_template", "pg_ts_parser"):
                    self._link(point, f"{why}: {name}() with the text search template or parser {root.name}", link)
        elif name in ACTING:
            self._reach(point, why, "notice", f"{name}()", None)
        elif name not in BUILTIN and name not in TRIGGERS:
            self._reach(point, why, "anything", f"{name}(), which is not on the list", None)

    def _call(
        self,
        point: TracePoint,
        why: str,
        function: FunctionFact,
        path: Path,
        libraries: dict[str, str] = LIBRARIES,
    ) -> None:
        shown = f"{function.name}()"
        if function.security_definer:
            self._reach(point, why, "definer", shown, None, hint=self._link_hint(point) or make_invoker(function))
        own = function.setting("search_path")
        inner = _schemas(own) if own is not None else path
        event = "" if libraries is LIBRARIES else "type"
        self._visit(point, why, TracePoint("function", function.oid, event, inner), shown)

    def _function(self, point: TracePoint) -> None:
        """What a function runs: its parts and defaults as the catalogs have them, and its text."""
        index = self._index
        function = index.functions[point.oid]
        if index.has_read("pg_proc", function.oid):
            for part in index.parts("pg_proc", function.oid):
                self._needs(point, part.kind if part.kind == "is made of" else "needs", part, point.path)
        if function.kind == "a" or index.computes(function, TYPE_LIBRARIES if point.event else LIBRARIES):
            return
        if function.language in ("c", "internal"):
            what = f"{function.language} function of {function.library or 'the server'}"
            self._reach(point, "", "anything", what, None)
            return
        for name in sorted(POWERFUL_SETTINGS):
            if function.setting(name) is not None:
                self._reach(point, "", "anything", f"it runs with its own {name}", None)
        self._text(point, "", index.body(function), point.path)

    def _text(self, point: TracePoint, why: str, body: Body, path: Path) -> None:
        index = self._index
        path = None if body.free_path else path
        before = f"{why}: " if why else ""
        if body.opaque:
            self._reach(point, before.removesuffix(": "), "anything", body.opaque, None)
        for act in sorted(body.acts):
            self._reach(point, why, "notice", act, None)
        for write in sorted(body.writes, key=lambda write: (write.verb, str(write.target))):
            self._named_write(point, f"{before}{write.verb.upper()}", write, path)
        for read in sorted(body.reads, key=str):
            self._read(point, before, read, path)
        for call in sorted(body.calls, key=str):
            self._named_call(point, f"{before}calls", call, path)
        for function in index.called_by_dot(body.fields):
            self._call(point, f"{before}calls", function, path)
        self._implicit_calls(point, before, body, path)

    def _named_write(self, point: TracePoint, why: str, write: Write, path: Path) -> None:
        target = write.target
        columns = write.columns if write.verb == "update" else {"*"}
        found, missing = self._index.find_relations(target, path)
        if missing:
            hint = self._find(point, path, [one.name.schema for one in found])
            self._reach(point, why, "missing", _shown(target), None, hint=hint)
        if not found:
            self._reach(point, why, "anything", f"{_shown(target)}, which is no table that we know", None)
        for relation in found:
            self._write(point, why, relation.oid, write.verb, columns)
            for child in self._index.heirs(relation.oid) if write.children else ():
                self._write(point, f"{why} (inheritance)", child, write.verb, columns)

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
        else:
            self._visit(point, why, TracePoint("read", relation.oid, path=path), str(relation.name))

    def _reading(self, point: TracePoint) -> None:
        """A view runs what it is made of; of a table and its children the planner computes what it may want."""
        index = self._index
        relation = index.relations[point.oid]
        if not index.has_read("pg_class", point.oid):
            self._reach(point, "", "anything", f"{relation.name}, of which it was not read what it needs", None)
        for part in index.parts("pg_class", point.oid):
            if part.kind == "child":
                self._needs_relation(point, "child", part, point.path)
            elif part.kind not in _NOT_READ and (part.kind != "rule" or relation.kind == "v"):
                self._needs(point, _why(part), part, point.path)

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

    def _implicit_calls(self, point: TracePoint, before: str, body: Body, path: Path) -> None:
        for root, link in self._index.implicit:
            if root.catalog == "pg_operator" and root.name not in body.operators | _UNWRITTEN:
                continue
            if root.catalog not in ("pg_ts_template", "pg_ts_parser"):
                self._link(point, f"{before}may call, by {_IMPLICIT[root.catalog]} {root.name}".rstrip(), link, path)
        if "@@" in body.operators:
            self._builtin(point, f"{before}@@", "to_tsvector")

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

_KINDS = {
    "check": "CHECK",
    "default": "default of",
    "generated": "generated column",
    "virtual": "generated column",
    "column": "type of",
    "partition": "partition",
    "needs": "definition",
}
#: Parts that are not computed of themselves: they belong to a trigger, a rule, a key's check, row security.
_APART = ("when", "rule", "policy", "foreign key", "child")
#: Parts of a relation that reading it never computes. A key's operators count as read, for its check.
_NOT_READ = ("when", "policy", "default", "generated")
_IMPLICIT = {"pg_operator": "operator", "pg_cast": "a cast", "pg_opclass": "operator class", "pg_type": "type"}
#: Operators that a text uses without writing them: USING, IN, BETWEEN, CASE.
_UNWRITTEN = frozenset({"=", "<>", "<", ">", "<=", ">="})
_NAME = re.compile(r'"(?:[^"]|"")*"|[^\s,"][^,]*')


def _why(part: Link) -> str:
    return f"{_KINDS.get(part.kind, part.kind)} {part.name}".strip()


def _computed(part: Link, event: str, skipped: frozenset[str]) -> bool:
    """Whether the server computes a part of a relation for such a write."""
    if part.kind == "default":
        return event == "insert" and part.name not in skipped
    if part.kind in ("generated", "check", "partition"):
        return event in ("insert", "update")
    # Keys are looked up, and read, also for a DELETE; ANALYZE computes indexes and statistics.
    return part.kind not in _APART


def _schemas(setting: str) -> Path:
    """The schemas of a ``search_path``; ``None`` where one of them depends on who runs it."""
    names = [name.strip() for name in _NAME.findall(setting)]
    schemas = tuple(name[1:-1].replace('""', '"') if name.startswith('"') else name.lower() for name in names)
    if "$user" in schemas or ("" in schemas and len(schemas) > 1):
        return None
    return tuple(name for name in schemas if name not in ("", "pg_catalog", "pg_temp"))


def _shown(reference: Reference) -> str:
    schema, name = reference
    return f"{schema}.{name}" if schema else name
