"""Where statements come from: the server's catalogs, the guard's own cases, and what installed packages ship."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pglast
import psycopg
from grammar import LITERALS, Catalog, Function, Operator, quoted
from guard_world import cases
from pglast import ast, parse_sql, split
from pglast.parser import ParseError
from pglast.stream import RawStream
from pglast.visitors import Visitor

from egrow_replica.lab.binaries import find_bin_dir

_FUNCTIONS = """
SELECT p.proname::text, ARRAY(SELECT t.typname::text FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a (oid, n)
                                JOIN pg_type AS t ON t.oid = a.oid ORDER BY a.n),
       r.typname::text, p.prokind::text, p.proretset
  FROM pg_proc AS p JOIN pg_type AS r ON r.oid = p.prorettype
 WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind IN ('f', 'a', 'w')
 ORDER BY p.oid"""
_OPERATORS = """
SELECT o.oprname::text, COALESCE(l.typname::text, ''), r.typname::text, x.typname::text
  FROM pg_operator AS o LEFT JOIN pg_type AS l ON l.oid = o.oprleft
  JOIN pg_type AS r ON r.oid = o.oprright JOIN pg_type AS x ON x.oid = o.oprresult
 WHERE o.oprnamespace = 'pg_catalog'::regnamespace
 ORDER BY o.oid"""
_TYPES = (
    "SELECT typname::text FROM pg_type WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype <> 'c' ORDER BY oid"
)


def read_catalog(connection: psycopg.Connection[tuple[object, ...]]) -> Catalog:
    """What the server knows of functions, operators and types."""
    rows = connection.execute(_FUNCTIONS).fetchall()
    return Catalog(
        functions=tuple(Function(n, tuple(a), r, k, s) for n, a, r, k, s in rows),  # type: ignore[arg-type]
        operators=tuple(Operator(*map(str, row)) for row in connection.execute(_OPERATORS).fetchall()),
        types=tuple(str(row[0]) for row in connection.execute(_TYPES).fetchall()),
    )


# ------------------------------------------------------------------------------------------------------- from catalogs


def every_call(catalog: Catalog) -> Iterator[str]:
    """Every overload of every function, with arguments of all kinds; a last one in the place of a table."""
    for function in catalog.functions:
        choices = [LITERALS.get(kind, (f"NULL::{quoted(kind)}",)) for kind in function.arguments]
        name = f"pg_catalog.{quoted(function.name)}"
        over = " OVER ()" if function.kind == "w" else ""
        for turn in range(max(map(len, choices), default=1)):
            arguments = ", ".join(choice[turn % len(choice)] for choice in choices)
            yield f"SELECT {name}({arguments}){over} FROM (SELECT * FROM public.courses LIMIT 2) AS t"
        if function.returns_set:
            yield f"SELECT * FROM {name}({', '.join(choice[0] for choice in choices)}) AS t"
        if len(function.arguments) == 1:
            yield f"SELECT s.{quoted(function.name)} FROM (SELECT {choices[0][-1]} AS v FROM public.lessons AS t) AS s"
            yield f"SELECT ({choices[0][0]}).{quoted(function.name)}"
            yield f"SELECT s.{quoted(function.name)} FROM unnest(ARRAY[{choices[0][0]}]) AS s"


def every_operation(catalog: Catalog) -> Iterator[str]:
    """Every operator with operands of its types, in an expression and behind ANY."""
    for operator in catalog.operators:
        right = LITERALS.get(operator.right, (f"NULL::{quoted(operator.right)}",))
        left = LITERALS.get(operator.left, (f"NULL::{quoted(operator.left)}",)) if operator.left else ("",)
        yield f"SELECT ({left[0]}) OPERATOR(pg_catalog.{operator.name}) ({right[0]}) FROM public.lessons AS t LIMIT 2"
        yield f"SELECT 1 FROM public.lessons AS t ORDER BY t.id USING {operator.name} LIMIT 1"
        if operator.left and operator.result == "bool":
            yield f"SELECT ({left[-1]}) {operator.name} ANY (ARRAY[{right[0]}]) FROM public.lessons AS t LIMIT 2"


def every_cast(catalog: Catalog) -> Iterator[str]:
    """Texts and columns as every type."""
    for name in catalog.types:
        for value in ("'1'", "'public.users'", "'{}'", "t.title", "t.id", "NULL", "t.data", "t.ns"):
            yield f"SELECT CAST({value} AS {quoted(name)}) FROM public.courses AS t LIMIT 2"


# ----------------------------------------------------------------------------------------------------- from the guard


def case_statements(*, allowed: bool | None = None) -> list[str]:
    """The guard's own case tables; only those of one verdict where it is given."""
    return sorted({case.sql for case in cases() if 0 < len(case.sql.split()) < 200 and allowed in (None, case.allowed)})


def mutations(count: int, seed: int) -> Iterator[str]:
    """The guard's cases, cut, spliced and exchanged word by word; those that still parse."""
    dice = random.Random(seed)
    seeds, harmless = case_statements(), case_statements(allowed=True)
    words = sorted({word for text in seeds for word in _words(text)})
    made = 0
    while made < count:
        text = _mutate(dice.choice(dice.choice((seeds, harmless))), seeds, words, dice)
        if _parses(text):
            made += 1
            yield text


def _words(text: str) -> list[str]:
    return text.replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()


def _mutate(text: str, seeds: list[str], words: list[str], dice: random.Random) -> str:
    parts = _words(text)
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(parts))
        match dice.randrange(5):
            case 0 if len(parts) > 1:
                del parts[place]
            case 1:
                parts[place] = dice.choice(words)
            case 2:
                parts[place : place + 1] = ["(", *_words(dice.choice(seeds)), ")"]
            case 3:
                parts[place] = dice.choice(["public.users", "public.courses", "users", "public.v", "'public.tickets'"])
            case _:
                parts.insert(place, dice.choice(words))
        parts = parts[:200]
    return " ".join(parts)


def _parses(text: str) -> bool:
    try:
        return len(parse_sql(text)) == 1
    except (ParseError, ValueError, RecursionError):
        return False


# ------------------------------------------------------------------------------------------------------ from packages


def _scripts(whole: bool) -> Iterator[Path]:
    share = find_bin_dir(None).parent / "share"
    yield from sorted(share.glob("*.sql"))
    if whole:
        yield from sorted(share.glob("extension/*.sql"))
        yield from sorted(Path("/usr/share/postgresql").rglob("*.sql"))
        yield from sorted(Path(pglast.__file__).parents[1].glob("sqlglot*/**/*.sql"))


@cache
def shipped_statements(*, whole: bool) -> tuple[str, ...]:
    """Every statement of PostgreSQL's own scripts and, for the whole, its extensions', with what stands inside them.

    Views' queries and functions' bodies are asked by themselves; names without a schema are written as the catalog's.
    """
    found: dict[str, None] = {}
    for path in _scripts(whole):
        for statement in _statements_of(path):
            found.update(dict.fromkeys(_with_inner(statement, depth=0)))
    return tuple(found)


def _statements_of(path: Path) -> Iterator[str]:
    text = (
        "\n".join(
            line
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
            if not line.startswith("\\")
        )
        .replace("@extschema@", "public")
        .replace("MODULE_PATHNAME", "x")
    )
    try:
        yield from split(text)
    except (ParseError, ValueError):
        return


def _with_inner(text: str, depth: int) -> Iterator[str]:
    if len(text) > 60_000 or depth > 2:
        return
    yield text
    try:
        statements = parse_sql(text)
    except (ParseError, ValueError):
        return
    for raw in statements:
        collected = _Inner()
        collected(raw)
        for query in collected.queries:
            _Qualify()(query)
            yield str(RawStream()(query))
        for body in collected.bodies:
            try:
                parts = split(body)
            except (ParseError, ValueError):
                continue
            for part in parts:
                yield from _with_inner(part, depth + 1)


class _Inner(Visitor):
    """Queries and bodies of functions anywhere in a statement."""

    def __init__(self) -> None:
        self.queries: list[ast.Node] = []
        self.bodies: list[str] = []

    def visit_SelectStmt(self, ancestors: object, node: ast.SelectStmt) -> None:
        self.queries.append(node)

    def visit_DefElem(self, ancestors: object, node: ast.DefElem) -> None:
        if node.defname == "as" and isinstance(node.arg, tuple):
            self.bodies += [str(part.sval) for part in node.arg if isinstance(part, ast.String)]


class _Qualify(Visitor):
    """Give relations without a schema the catalog's."""

    def visit_RangeVar(self, ancestors: object, node: ast.RangeVar) -> None:
        if node.schemaname is None and str(node.relname).startswith(("pg_", "sql_")):
            node.schemaname = "pg_catalog"
