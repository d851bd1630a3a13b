"""What the text of a function or a rule does, read off PostgreSQL's own grammars; what cannot be read is opaque."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any

from egrow_replica.errors import Refused
from egrow_replica.guard.facts import gather
from egrow_replica.guard.limits import check_text, check_tokens
from egrow_replica.guard.lists.hazards import may_be_a_call
from egrow_replica.guard.tree import Node, Token, children, class_of, parse_all, parse_plpgsql, scan

#: Schema (``None``: not written) and name.
Reference = tuple[str | None, str]

#: More opening words than this in a body, and it is not read: PL/pgSQL's blocks nest without brackets.
_MAX_BLOCKS = 500
_OPENERS = frozenset({"BEGIN_P", "IF_P", "CASE", "IDENT"})
_LOOPS = frozenset({"loop", "while", "foreach"})

_VERBS = {
    "InsertStmt": ("insert",),
    "UpdateStmt": ("update",),
    "DeleteStmt": ("delete",),
    "MergeStmt": ("insert", "update", "delete"),
}
_PLAIN = frozenset({"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt", "CallStmt", "ReturnStmt"})
#: Statements that write no table, but that others notice.
_NOTICED = {"NotifyStmt": "NOTIFY", "LockStmt": "LOCK TABLE"}
_DYNAMIC = ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")
#: Words before a statement of PL/pgSQL.
_STARTS = frozenset({";", "begin", "then", "else", "loop", ">>"})
#: Parse modes of PL/pgSQL: an expression; assignments.
_VALUE = 2
_ASSIGNMENTS = (3, 4, 5)
#: Settings that change what else would run.
POWERFUL_SETTINGS = frozenset(
    {"session_replication_role", "role", "session_authorization", "row_security", "dynamic_library_path"}
)


@dataclass(frozen=True)
class Write:
    """One write in a text.

    :ivar children: inheritance children are written too.
    :ivar columns: that an UPDATE sets.
    """

    verb: str
    target: Reference
    children: bool = True
    columns: frozenset[str] = frozenset()


@dataclass
class Body:
    """What a text may do.

    :ivar opaque: why it could do anything, ``""`` where it cannot.
    :ivar sets: fields of NEW that a trigger may set; ``*``: all.
    :ivar free_path: it sets ``search_path`` itself, so a bare name may mean anything of that name.
    """

    opaque: str = ""
    free_path: bool = False
    writes: set[Write] = field(default_factory=set)
    reads: set[Reference] = field(default_factory=set)
    calls: set[Reference] = field(default_factory=set)
    fields: set[str] = field(default_factory=set)
    operators: set[str] = field(default_factory=set)
    acts: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)

    def give_up(self, why: str) -> None:
        """It could do anything; the first reason stays."""
        self.opaque = self.opaque or why


@lru_cache(maxsize=4096)
def read_function(language: str, definition: str, source: str) -> Body:
    """Read a function's definition, and its body as its language says."""
    body = Body()
    with _Reading(body):
        for statement in _statements(definition):
            _header(statement, body)
        if language == "plpgsql":
            _plpgsql(definition, source, body)
        elif language == "sql":
            if source.strip():
                for statement in _statements(source):
                    _statement(statement, body)
        else:
            body.give_up(f"it is written in {language}")
    return body


@lru_cache(maxsize=1024)
def read_rule(definition: str) -> Body:
    """Read what a rule does besides or instead."""
    body = Body()
    with _Reading(body):
        for rule in _statements(definition):
            if rule.whereClause is not None:
                _gathered(rule.whereClause, body)
            for action in rule.actions or ():
                _statement(action, body)
    return body


class _Reading:
    """Whatever goes wrong inside makes the body opaque."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> bool:
        if error is None or not isinstance(error, Exception):
            return False
        why = error.reason if isinstance(error, Refused) else "its text cannot be read"
        self._body.give_up(why)
        return True


def _statements(text: str) -> Iterator[Node]:
    """All statements of a text; :raises Refused: too large or not SQL."""
    check_text(text)
    check_tokens(text)
    yield from parse_all(text)


def _header(statement: Node, body: Body) -> None:
    """CREATE FUNCTION itself: defaults of arguments, and the body where it is SQL's own (BEGIN ATOMIC)."""
    if class_of(statement) != "CreateFunctionStmt":
        raise Refused("syntax", "its definition cannot be parsed")
    for parameter in statement.parameters or ():
        if parameter.defexpr is not None:
            _gathered(parameter.defexpr, body)
    for part in _flat(statement.sql_body):
        _statement(part, body)


def _flat(value: Any) -> Iterator[Node]:
    if isinstance(value, tuple):
        for item in value:
            yield from _flat(item)
    elif value is not None:
        yield value


def _statement(node: Node, body: Body) -> None:
    kind = class_of(node)
    if kind in _NOTICED:
        body.acts.add(_NOTICED[kind])
    elif kind == "VariableSetStmt":
        _setting(node, body)
    elif kind == "TruncateStmt":
        body.give_up("TRUNCATE")
    elif kind not in _PLAIN:
        body.give_up(kind.removesuffix("Stmt"))
    else:
        _gathered(node, body)


def _setting(node: Node, body: Body) -> None:
    name = (node.name or "").lower()
    if name == "search_path" or not name:
        body.free_path = True
    if name in POWERFUL_SETTINGS or not name:
        body.give_up(f"SET {name or 'of several settings'}")
    for argument in node.args or ():
        _gathered(argument, body)


def _gathered(node: Node, body: Body) -> None:
    """Everything below a statement or an expression, by the guard's own tracer."""
    facts = gather(node)
    if facts.into:
        body.give_up("SELECT INTO a table")
    body.writes.update(_writes(node))
    body.reads.update(_reference(relation) for relation in facts.relations)
    if facts.locks:
        body.acts.add("SELECT … FOR UPDATE or SHARE")
    body.calls.update(_named(names) for names, _ in facts.functions)
    body.calls.update(_named(names) for names in facts.sampling if names not in (("bernoulli",), ("system",)))
    body.fields.update(facts.columns)
    body.operators.update(names[-1] for names in facts.operators)
    for column in facts.columns:
        if may_be_a_call(column):
            body.calls.add((None, column))


def _writes(node: Node) -> Iterator[Write]:
    stack = [node]
    while stack:
        one = stack.pop()
        verbs = _VERBS.get(class_of(one), ())
        if class_of(one) == "InsertStmt" and one.onConflictClause is not None:
            verbs = ("insert", "update")
        for verb in verbs:
            columns = frozenset(_columns_set(one)) if verb == "update" else frozenset()
            yield Write(verb, _reference(one.relation), bool(one.relation.inh), columns)
        stack.extend(children(one))


def _columns_set(statement: Node) -> Iterator[str]:
    """Columns that the update in a statement sets: its own, or that of ON CONFLICT or of MERGE's branches."""
    conflict = getattr(statement, "onConflictClause", None)
    for part in (conflict or statement, *(getattr(statement, "mergeWhenClauses", None) or ())):
        yield from (target.name for target in part.targetList or ())


def _reference(relation: Node) -> Reference:
    return relation.schemaname, relation.relname


def _named(names: tuple[str, ...]) -> Reference:
    if len(names) > 2:
        raise Refused("name", "a name has too many parts")
    return (names[0], names[1]) if len(names) == 2 else (None, names[0])


# ------------------------------------------------------------------------------------------------------- PL/pgSQL


def _plpgsql(definition: str, source: str, body: Body) -> None:
    check_text(source)
    tokens = check_tokens(source)
    blocks = sum(
        token.name in _OPENERS and (token.name != "IDENT" or source[token.start : token.end + 1].lower() in _LOOPS)
        for token in tokens
    )
    if blocks > _MAX_BLOCKS:
        raise Refused("size", "it has too many blocks")
    for expression in _expressions(parse_plpgsql(definition), body):
        _expression(expression["query"], int(expression.get("parseMode", 0)), body)
    for value in _declared_values(source):
        _expression(value, _VALUE, body)
    body.calls.update(_words_before_brackets(source))
    body.sets.update(_fields_set(source))


def _fields_set(source: str) -> Iterator[str]:
    """Fields of NEW that a text may set: every one that it names; ``*`` where it sets or returns a whole row."""
    words = [_folded(source[token.start : token.end + 1]) for token in _words(source)]
    into = False
    for before, word, after, then in zip(["", *words], words, [*words[1:], ""], [*words[2:], "", ""], strict=False):
        if word in ("call", "foreach") or (word == "return" and after not in ("new", "old", "null", "coalesce")):
            yield "*"
        elif word == "into":
            into = before not in ("insert", "merge")
        elif word in (";", "from", "where"):
            into = False
        elif word == "new" and after == ".":
            yield then
        elif word == "new" and (into or after == ":=" or before == "for" or (after == "=" and before in _STARTS)):
            yield "*"


def _declared_values(source: str) -> Iterator[str]:
    """What variables are declared with, off the text: what the parser returns lacks the values of records."""
    declaring = False
    words: int | None = 0
    begin: int | None = None
    for token in _words(source):
        if token.name in ("DECLARE", "BEGIN_P"):
            if begin is not None:
                raise Refused("syntax", "a declaration cannot be parsed")
            declaring, words = token.name == "DECLARE", 0
        elif not declaring:
            continue
        elif token.name == "ASCII_59":
            if begin is not None:
                yield source[begin : token.start]
            words, begin = 0, None
        elif words is not None and begin is None:
            words += 1
            if token.name in ("CURSOR", "ALIAS") and words > 1:
                words = None  # what follows is a query, which the parser returns, or a name
            elif token.name in ("COLON_EQUALS", "ASCII_61", "DEFAULT"):
                begin = token.end + 1


def _expressions(parsed: Any, body: Body) -> Iterator[dict[str, Any]]:
    """Every expression of the tree, in whatever statement; dynamic SQL makes the body opaque."""
    stack = [parsed]
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack.extend(value)
        elif isinstance(value, dict):
            if "dynquery" in value or any(name in value for name in _DYNAMIC):
                body.give_up("EXECUTE")
            if "PLpgSQL_expr" in value:
                yield value["PLpgSQL_expr"]
            stack.extend(value.values())


def _expression(text: str, mode: int, body: Body) -> None:
    if mode == 0:
        for statement in _statements(text):
            _statement(statement, body)
        return
    for part in _sides(text) if mode in _ASSIGNMENTS else (text,):
        for statement in _statements(f"SELECT {part}"):
            _statement(statement, body)


def _sides(text: str) -> tuple[str, str]:
    """Target and value of an assignment: they part at the first ``:=`` or ``=`` outside brackets."""
    depth = 0
    for token in scan(text):
        if token.name in ("ASCII_40", "ASCII_91"):
            depth += 1
        elif token.name in ("ASCII_41", "ASCII_93"):
            depth -= 1
        elif depth == 0 and token.name in ("COLON_EQUALS", "ASCII_61"):
            return text[: token.start], text[token.end + 1 :]
    raise Refused("syntax", "an assignment cannot be parsed")


def _words_before_brackets(source: str) -> Iterator[Reference]:
    """Names that look like calls, by the scanner alone: a second reading beside the parser's.

    They are marked with an empty schema: only functions that are not built in are looked for.
    """
    for token, following in pairwise(_words(source)):
        if token.name == "IDENT" and following.name == "ASCII_40":
            yield "", _folded(source[token.start : token.end + 1])


def _words(source: str) -> list[Token]:
    return [token for token in scan(source) if token.name not in ("SQL_COMMENT", "C_COMMENT")]


def _folded(word: str) -> str:
    return word[1:-1].replace('""', '"') if word.startswith('"') else word.lower()
